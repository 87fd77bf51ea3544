namespace OrleansBroker.Client.Connections;

/// <summary>Time as this client uses it.</summary>
internal static class ClockExtensions
{
    /// <summary>Milliseconds of a clock that never goes back: for deadlines, not for timestamps.</summary>
    public static long MonotonicMs(this TimeProvider clock) =>
        (long)(clock.GetTimestamp() * (1000.0 / clock.TimestampFrequency));
}
