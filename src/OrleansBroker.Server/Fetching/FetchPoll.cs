using System.Threading.Tasks.Sources;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Server.Dispatch;

namespace OrleansBroker.Server.Fetching;

/// <summary>
/// The waiting of a connection's long poll, used again for each: woken by an append to one of its partitions, by its timer, or
/// by the end of the connection.
/// </summary>
/// <remarks>
/// <code>
/// Idle --Arm--> Armed --WaitAsync--> Waiting --Signal--> Signalled --Arm--> Armed
///               Armed --Signal--> Signalled --WaitAsync--> (goes on at once)
/// </code>
/// A signal between Arm and WaitAsync is thus not lost: the caller arms, reads, and waits if that was not enough. A signal in any
/// other state is late or doubled, and nothing. The continuation runs on the signalling thread, which has answered its own client
/// by then; only where such continuations have piled up on a thread does it go to the pool.
/// </remarks>
internal sealed class FetchPoll : IAppendListener, IValueTaskSource, IDisposable
{
    private const int Idle = 0;
    private const int Armed = 1;
    private const int Waiting = 2;
    private const int Signalled = 3;

    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly CancellationTokenRegistration _closing;
    private readonly CancellationToken _closed;
    private ManualResetValueTaskSourceCore<bool> _source;
    private long _deadline;
    private int _state;

    public FetchPoll(TimeProvider clock, CancellationToken closed)
    {
        _clock = clock;
        _closed = closed;
        _timer = clock.CreateTimer(static poll => ((FetchPoll)poll!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _closing = closed.UnsafeRegister(static poll => ((FetchPoll)poll!).Signal(), this);
    }

    /// <summary>Whether the time is up or the connection has ended.</summary>
    public bool IsOver => _closed.IsCancellationRequested || LeftMs <= 0;

    private double LeftMs => (Volatile.Read(ref _deadline) - _clock.GetTimestamp()) * 1000.0 / _clock.TimestampFrequency;

    public void Begin(int waitMs)
    {
        Volatile.Write(ref _deadline, _clock.GetTimestamp() + (long)(waitMs / 1000.0 * _clock.TimestampFrequency));
        _timer.Change(TimeSpan.FromMilliseconds(waitMs), Timeout.InfiniteTimeSpan);
    }

    /// <summary>From now on a signal counts. A full fence: what the caller reads after this was not read before it.</summary>
    public void Arm() => Interlocked.Exchange(ref _state, Armed);

    /// <summary>Completes with the first signal since <see cref="Arm"/>.</summary>
    public ValueTask WaitAsync()
    {
        _source.Reset();
        return Interlocked.CompareExchange(ref _state, Waiting, Armed) == Armed
            ? new ValueTask(this, _source.Version)
            : ValueTask.CompletedTask;
    }

    public void End()
    {
        Volatile.Write(ref _state, Idle);
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void OnAppended(Partition partition) => Signal();

    /// <summary>Wakes what waits, whatever it waits for.</summary>
    public void Interrupt() => Signal();

    public void Dispose()
    {
        _closing.Unregister();
        _timer.Dispose();
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void Signal()
    {
        if (Interlocked.CompareExchange(ref _state, Signalled, Armed) == Armed
            || Interlocked.CompareExchange(ref _state, Signalled, Waiting) != Waiting)
        {
            return;
        }

        _source.RunContinuationsAsynchronously = Nesting.IsDeep;
        Nesting.Enter();
        _source.SetResult(true);
        Nesting.Leave();
    }

    private void OnTimer()
    {
        // A timer may ring a little early, and late for the poll before this one.
        var leftMs = LeftMs;
        if (leftMs > 0)
        {
            _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(leftMs)), Timeout.InfiniteTimeSpan);
        }
        else
        {
            Signal();
        }
    }
}
