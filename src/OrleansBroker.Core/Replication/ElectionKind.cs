namespace OrleansBroker.Core.Replication;

/// <summary>Why an election is held, and so what it may do.</summary>
public enum ElectionKind
{
    /// <summary>The leader is gone: without loss, or not at all unless the topic allows it.</summary>
    LeaderLost,

    /// <summary>The leader asks for it or somebody else is preferred: an in-sync replica takes over while the leader lives.</summary>
    Handover,

    /// <summary>An operator accepts the loss: there is no leader, and no replica that could lead without it.</summary>
    Unclean,
}
