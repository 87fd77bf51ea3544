namespace OrleansBroker.Simulator.Engine;

/// <summary>The clocks of one process: the steady one is the world's, the wall clock may be off and may jump.</summary>
internal sealed class SimulatedTime(World world, SimulatedProcess process) : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How far the wall clock is ahead of the true time.</summary>
    public TimeSpan Skew { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => world.NowTicks;

    public override DateTimeOffset GetUtcNow() => Epoch.AddTicks(world.NowTicks) + Skew;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new SimulatedTimer(world, process, callback, state, dueTime, period);
}
