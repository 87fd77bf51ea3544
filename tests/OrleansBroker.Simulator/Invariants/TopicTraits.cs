namespace OrleansBroker.Simulator.Invariants;

/// <summary>What may be relied upon in a topic of the simulation.</summary>
internal sealed record TopicTraits(string Name, int Partitions, int ReplicationFactor, int MinInSyncReplicas)
{
    /// <summary>Whether what is acknowledged with acks -1, or was read, survives every fault that the plan may have.</summary>
    public bool IsDurable { get; init; } = true;

    /// <summary>Partitions now.</summary>
    public int Partitions { get; set; } = Partitions;
}
