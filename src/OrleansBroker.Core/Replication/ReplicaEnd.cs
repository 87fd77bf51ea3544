using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>How far a replica's log goes, and the greatest leader epoch that its broker has heard of.</summary>
/// <param name="LastEpoch">Of the last batch or leadership in the log.</param>
/// <param name="LogEndOffset">Exclusive.</param>
public readonly record struct ReplicaEnd(LeaderEpoch KnownEpoch, LeaderEpoch LastEpoch, long LogEndOffset)
{
    /// <summary>A log that has a later epoch holds all that was committed before that epoch.</summary>
    public bool IsAhead(ReplicaEnd other) =>
        LastEpoch > other.LastEpoch || (LastEpoch == other.LastEpoch && LogEndOffset > other.LogEndOffset);
}
