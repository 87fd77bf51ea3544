using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OrleansBroker.Compatibility.Tests.Broker;

internal static partial class Signals
{
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Continue = 18;
    public const int Stop = 19;
    public const int Terminate = 15;

    /// <exception cref="InvalidOperationException">The process has ended.</exception>
    public static void Send(Process process, int signal)
    {
        if (Kill(process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"signal {signal} cannot be sent to process {process.Id}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
