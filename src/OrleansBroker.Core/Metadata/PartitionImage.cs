using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Metadata;

/// <summary>One partition as clients see it. The arrays are never written to, and shared between partitions that have the same.</summary>
public sealed record PartitionImage(BrokerId Leader, LeaderEpoch LeaderEpoch, BrokerId[] Replicas, BrokerId[] Isr)
{
    public int PartitionEpoch { get; init; }

    /// <summary>Replicas that a reassignment adds; they stand in <see cref="Replicas"/> as well.</summary>
    public BrokerId[] Adding { get; init; } = [];

    /// <summary>Replicas that a reassignment removes; they stand in <see cref="Replicas"/> as well.</summary>
    public BrokerId[] Removing { get; init; } = [];

    /// <summary>See <see cref="Replication.PartitionState.IsAutomatic"/>.</summary>
    public bool IsAutomatic { get; init; }

    /// <summary>Whether replicas are being added or removed.</summary>
    public bool IsReassigning => Adding.Length + Removing.Length > 0;

    /// <summary>Replicas outside the ISR that may be elected without loss (KIP-966).</summary>
    public BrokerId[] Eligible { get; init; } = [];

    /// <summary>Images merge by this: a partition's leader epoch only grows, and its partition epoch within that.</summary>
    public bool IsOlderThan(PartitionImage other) =>
        LeaderEpoch < other.LeaderEpoch || (LeaderEpoch == other.LeaderEpoch && PartitionEpoch < other.PartitionEpoch);
}
