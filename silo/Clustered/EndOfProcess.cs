using System.Runtime.InteropServices;

namespace OrleansBroker.Silo.Clustered;

/// <summary>The cluster takes this silo to be dead, or it cannot go on: the process ends, so that its supervisor starts it again.</summary>
internal sealed partial class EndOfProcess : IFatalErrorHandler
{
    /// <summary>What silo/run, and any other supervisor, starts again.</summary>
    private const int RestartMe = 70;

    private int _hasBegun;

    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender, string? context, Exception? exception)
    {
        if (Interlocked.Exchange(ref _hasBegun, 1) != 0)
        {
            return;
        }

        try
        {
            Console.Error.WriteLine($"silo/run: the silo ends and is to be started again: {(context ?? exception?.Message ?? "it cannot go on").ReplaceLineEndings(" ")}");
            Console.Error.Flush();
        }
        finally
        {
            // Exit would wait for a shutdown that can wait for this thread.
            ExitNow(RestartMe);
        }
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int code);
}
