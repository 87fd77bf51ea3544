namespace OrleansBroker.Embedded.Cluster;

/// <summary>A clock whose timers do not ring while the broker is paused; those that came due meanwhile ring when it goes on.</summary>
internal sealed class PausableTime(TimeProvider clock, PauseGate gate) : TimeProvider
{
    public override long TimestampFrequency => clock.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(_ => Ring(callback, state), null, dueTime, period);

    private void Ring(TimerCallback callback, object? state)
    {
        if (gate.IsClosed)
        {
            _ = RingLaterAsync(callback, state);
        }
        else
        {
            callback(state);
        }
    }

    private async Task RingLaterAsync(TimerCallback callback, object? state)
    {
        await gate.PassAsync(CancellationToken.None);
        callback(state);
    }
}
