using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Metadata;

/// <summary>One partition as clients see it. The arrays are never written to, and shared between partitions that have the same.</summary>
public sealed record PartitionImage(BrokerId Leader, LeaderEpoch LeaderEpoch, BrokerId[] Replicas, BrokerId[] Isr)
{
    public int PartitionEpoch { get; init; }
}
