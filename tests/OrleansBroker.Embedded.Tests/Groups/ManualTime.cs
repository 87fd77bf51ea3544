namespace OrleansBroker.Embedded.Tests.Groups;

/// <summary>Time that passes when a test says so; timers ring in the course of it.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private long _nowMs = 1_700_000_000_000;

    public long NowMs => Volatile.Read(ref _nowMs);

    /// <summary>How far the wall clock is from where it should be.</summary>
    public long WallClockErrorMs { get; set; }

    public override long TimestampFrequency => 1_000;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(NowMs + WallClockErrorMs);

    public override long GetTimestamp() => NowMs;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        lock (_gate)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    public void Pass(long ms)
    {
        var endMs = NowMs + ms;
        while (Next(endMs) is { } timer)
        {
            Volatile.Write(ref _nowMs, Math.Max(NowMs, timer.DueAtMs));
            timer.Ring();
        }

        Volatile.Write(ref _nowMs, endMs);
    }

    private Timer? Next(long endMs)
    {
        lock (_gate)
        {
            return _timers.Where(timer => timer.DueAtMs <= endMs).MinBy(timer => timer.DueAtMs);
        }
    }

    private sealed class Timer(ManualTime time, Action ring) : ITimer
    {
        public long DueAtMs { get; private set; } = long.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            DueAtMs = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : time.NowMs + (long)dueTime.TotalMilliseconds;
            return true;
        }

        public void Ring()
        {
            DueAtMs = long.MaxValue;
            ring();
        }

        public void Dispose() => DueAtMs = long.MaxValue;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
