namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>
/// Milliseconds since 1970 as they were at start, and counted steadily since: a clock that is set forward must not end every
/// member's session, and one that is set back must not keep dead members alive.
/// </summary>
public sealed class SteadyClock(TimeProvider time)
{
    private readonly long _startedAtMs = time.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly long _startedAt = time.GetTimestamp();

    public long NowMs => _startedAtMs + (long)time.GetElapsedTime(_startedAt).TotalMilliseconds;
}
