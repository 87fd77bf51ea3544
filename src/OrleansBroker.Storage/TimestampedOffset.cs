using OrleansBroker.Protocol;

namespace OrleansBroker.Storage;

/// <summary>A record found by its timestamp.</summary>
/// <param name="Epoch">Of its batch; none where unknown.</param>
public readonly record struct TimestampedOffset(long Offset, long TimestampMs, LeaderEpoch Epoch);
