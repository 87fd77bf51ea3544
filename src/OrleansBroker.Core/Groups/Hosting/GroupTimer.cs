namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>One timer for the deadlines of all shards: it rings when the earliest is due, and is told of the next.</summary>
internal sealed class GroupTimer : IDisposable
{
    /// <summary>Deadlines closer together than this are met together: sessions of thousands of members end at any millisecond.</summary>
    private const long ResolutionMs = 10;

    private readonly Lock _gate = new();
    private readonly SteadyClock _clock;
    private readonly ITimer _timer;
    private long _atMs = long.MaxValue;

    /// <param name="ring">Meets the deadlines that are due and asks for the next ring.</param>
    public GroupTimer(TimeProvider time, SteadyClock clock, Action ring)
    {
        _clock = clock;
        _timer = time.CreateTimer(_ => Ring(ring), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Something is due at that time: the timer rings then or earlier.</summary>
    public void RingAt(long atMs)
    {
        if (atMs >= Volatile.Read(ref _atMs))
        {
            return;
        }

        lock (_gate)
        {
            if (atMs < _atMs)
            {
                Volatile.Write(ref _atMs, atMs);
                var waitMs = Math.Clamp(atMs - _clock.NowMs, ResolutionMs, int.MaxValue);
                _timer.Change(TimeSpan.FromMilliseconds(waitMs), Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Ring(Action ring)
    {
        lock (_gate)
        {
            Volatile.Write(ref _atMs, long.MaxValue);
        }

        ring();
    }
}
