namespace OrleansBroker.Core.Groups;

/// <summary>An offset that a group committed for a partition.</summary>
/// <param name="LeaderEpoch">That of the last record consumed, or -1.</param>
/// <param name="Metadata">What the consumer keeps with it; empty as a rule.</param>
/// <param name="ExpireTimestampMs">Set by clients so old that they choose how long their offsets are kept; otherwise -1.</param>
internal readonly record struct CommittedOffset(long Offset, int LeaderEpoch, string Metadata, long CommitTimestampMs, long ExpireTimestampMs);
