// Watches the process itself, so neither its clock nor its threads can be anybody's but the machine's.
#pragma warning disable RS0030

using Microsoft.Extensions.Logging;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Grains.Membership;

/// <summary>
/// Notices that the process did not run for so long that the others may take it to be dead (SIGSTOP, a collection of garbage without
/// end, a machine too busy to run it), and holds up what the broker does and answers until the membership table shows that they do
/// not.
/// <code>
///         no tick for PauseMax              the table, read from its beginning after that, shows this silo alive
/// (open) ---------------------> (closed) --------------------------------------------------------------------> (open)
/// </code>
/// A thread ticks. Whoever asks whether the gate is open compares the last tick with the time by himself, so that a request that is
/// looked at before the thread that ticks goes on is held up as well. A machine that is suspended or moved as a whole is not noticed:
/// its clock stands still with it.
/// </summary>
internal sealed class PauseWatch : IAnswerGate, IDisposable
{
    /// <summary>Less than the soonest that a silo which does not answer is declared dead: three probes of half a second.</summary>
    public const long PauseMsMax = 1_000;

    private const int TickMs = 100;

    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMilliseconds(100);

    private readonly Func<CancellationToken, Task<bool>> _readTable;
    private readonly Func<long> _nowMs;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private Thread? _thread;
    private TaskCompletionSource _opening = NewOpening();
    private volatile bool _isAwaited;
    private volatile bool _isReading;
    private volatile bool _isOver;
    private long _tickedMs;
    private long _pauses;
    private long _pausesSurvived;

    /// <param name="readTable">Reads the membership table, from a beginning after its call, and tells whether it shows this silo alive.</param>
    public PauseWatch(Func<CancellationToken, Task<bool>> readTable, ILogger logger)
        : this(readTable, logger, () => Environment.TickCount64)
    {
    }

    /// <inheritdoc cref="PauseWatch(Func{CancellationToken, Task{bool}}, ILogger)"/>
    /// <param name="nowMs">A clock that goes on while the process does not.</param>
    internal PauseWatch(Func<CancellationToken, Task<bool>> readTable, ILogger logger, Func<long> nowMs)
    {
        _readTable = readTable;
        _nowMs = nowMs;
        _logger = logger;
        _tickedMs = nowMs();
    }

    /// <summary>Null where it is open; fails where it is shut for good.</summary>
    public Task? Closed => IsOpen ? null : Opening();

    // The tick is read first: a pause is counted before the tick that found it is told.
    private bool IsOpen => (_isOver || _nowMs() - Volatile.Read(ref _tickedMs) <= PauseMsMax) && Volatile.Read(ref _pauses) == Volatile.Read(ref _pausesSurvived);

    /// <summary>Waits until the gate is open.</summary>
    public async ValueTask PassAsync(CancellationToken cancellation = default)
    {
        while (Closed is { } closed)
        {
            await closed.WaitAsync(cancellation);
        }
    }

    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "pause watch" };
        Volatile.Write(ref _tickedMs, _nowMs());
        _thread.Start();
    }

    /// <summary>
    /// Nobody ticks any more. The gate stays open, or shut to what was asked before a pause that nobody has read to be survived: that
    /// fails instead of waiting.
    /// </summary>
    public void Dispose()
    {
        _stopping.Cancel();
        _thread?.Join();
        if (_isOver)
        {
            return;
        }

        if (_nowMs() - Volatile.Read(ref _tickedMs) > PauseMsMax)
        {
            Volatile.Write(ref _pauses, _pauses + 1);
        }

        _isOver = true;
        Interlocked.MemoryBarrier();
        Volatile.Read(ref _opening).TrySetResult();
    }

    internal void Tick()
    {
        var nowMs = _nowMs();
        var pausedMs = nowMs - Volatile.Read(ref _tickedMs);
        if (pausedMs > PauseMsMax)
        {
            Volatile.Write(ref _pauses, _pauses + 1);
            GrainsLog.Paused(_logger, pausedMs);
        }

        Volatile.Write(ref _tickedMs, nowMs);
        if (Volatile.Read(ref _pausesSurvived) == _pauses)
        {
            Release();
        }
        else if (!_isReading)
        {
            _isReading = true;
            _ = Task.Run(ReadAsync);
        }
    }

    private static Task Over => Task.FromException(new IOException("the broker has stopped"));

    private static TaskCompletionSource NewOpening() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Task? Opening()
    {
        var opening = Volatile.Read(ref _opening);
        _isAwaited = true;

        // Either this sees that it is open, or whoever opens it sees that it is awaited.
        Interlocked.MemoryBarrier();
        return IsOpen ? null : _isOver ? Over : opening.Task;
    }

    /// <summary>Whoever waits looks again.</summary>
    private void Release()
    {
        Interlocked.MemoryBarrier();
        if (_isAwaited)
        {
            _isAwaited = false;
            Interlocked.Exchange(ref _opening, NewOpening()).TrySetResult();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                var pauses = Volatile.Read(ref _pauses);
                if (await _readTable(_stopping.Token))
                {
                    // Where there was another pause meanwhile, the next tick has it read again.
                    Volatile.Write(ref _pausesSurvived, pauses);
                    Release();
                    return;
                }

                await Task.Delay(ReadAgainAfter, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
        finally
        {
            _isReading = false;
        }
    }

    private void Run()
    {
        while (!_stopping.Token.WaitHandle.WaitOne(TickMs))
        {
            Tick();
        }
    }
}
