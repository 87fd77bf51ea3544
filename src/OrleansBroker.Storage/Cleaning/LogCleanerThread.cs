using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace OrleansBroker.Storage.Cleaning;

/// <summary>
/// Runs a <see cref="LogCleaner"/> for as long as there is something to clean, and again every <c>log.cleaner.backoff.ms</c>,
/// on a thread of its own. The thread has a low priority where the system can give it one: while all processors are
/// busy, appends and reads get nearly all of them.
/// </summary>
public sealed partial class LogCleanerThread : IDisposable
{
    /// <summary>
    /// Linux gives such a thread about a tenth of what a normal one gets. Lower still, and appends would wait long for a
    /// swap that holds their log's lock without getting a processor.
    /// </summary>
    private const int NiceOfBackgroundWork = 10;

    private const int PriorityOfProcess = 0;

    private readonly LogCleaner _cleaner;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _backoff;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;

    public LogCleanerThread(LogCleaner cleaner, TimeProvider clock, TimeSpan backoff, ILogger logger)
    {
        _cleaner = cleaner;
        _clock = clock;
        _backoff = backoff;
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = "log cleaner", Priority = ThreadPriority.Lowest };
        _thread.Start();
    }

    /// <summary>Stops between two reads of the run, and returns when the thread has ended.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _thread.Join();
        _stop.Dispose();
    }

    private void Run()
    {
        LowerPriority();
        while (!_stop.IsCancellationRequested)
        {
            if (!TryClean())
            {
                _stop.Token.WaitHandle.WaitOne(_backoff);
            }
        }
    }

    /// <summary>An error that nobody foresaw must not end the broker, nor compaction for good.</summary>
    private bool TryClean()
    {
        try
        {
            return _cleaner.CleanOne(_clock.GetUtcNow().ToUnixTimeMilliseconds(), _stop.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception e)
        {
            LogFailed(e);
            return false;
        }
    }

    // .NET's thread priorities do nothing on Linux, where a thread may be nicer than its process.
    private static void LowerPriority()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(PriorityOfProcess, 0, NiceOfBackgroundWork);
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);

    [LoggerMessage(Level = LogLevel.Error, Message = "the log cleaner failed and goes on")]
    private partial void LogFailed(Exception exception);
}
