using System.Threading.Tasks.Sources;

namespace OrleansBroker.Client.Connections;

/// <summary>Wakes the one who waits on it, from any thread and by a clock. A signal that nobody waits for is kept, but only one.</summary>
internal sealed class WakeSignal : IValueTaskSource, IDisposable
{
    private const int Idle = 0;
    private const int Signalled = 1;
    private const int Waiting = 2;

    /// <summary>Timers do not take more than 49 days.</summary>
    private static readonly TimeSpan TimeoutMax = TimeSpan.FromDays(1);

    private readonly ITimer _timer;
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _state;

    public WakeSignal(TimeProvider clock) =>
        _timer = clock.CreateTimer(static self => ((WakeSignal)self!).Set(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Set()
    {
        while (Volatile.Read(ref _state) is var state && state != Signalled)
        {
            if (Interlocked.CompareExchange(ref _state, state == Waiting ? Idle : Signalled, state) == state)
            {
                if (state == Waiting)
                {
                    _core.SetResult(true);
                }

                return;
            }
        }
    }

    /// <summary>Until the next signal, or the timeout, or somewhat earlier. For one caller at a time.</summary>
    /// <param name="timeout">Infinite for none.</param>
    public ValueTask WaitAsync(TimeSpan timeout)
    {
        if (timeout == TimeSpan.Zero || Interlocked.CompareExchange(ref _state, Idle, Signalled) == Signalled)
        {
            return ValueTask.CompletedTask;
        }

        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == Signalled)
        {
            Volatile.Write(ref _state, Idle);
            return ValueTask.CompletedTask;
        }

        // A timer that is late wakes the next wait instead, which looks around and waits again.
        _timer.Change(timeout < TimeoutMax ? timeout : TimeoutMax, Timeout.InfiniteTimeSpan);
        return new ValueTask(this, _core.Version);
    }

    public void Dispose() => _timer.Dispose();

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
