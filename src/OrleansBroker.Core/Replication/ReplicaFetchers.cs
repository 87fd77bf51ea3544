using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Follows: one connection to each broker that leads a partition of which this broker holds a replica, and over it one Fetch request
/// after the other for all those partitions.
/// </summary>
public sealed class ReplicaFetchers(ReplicaServices services) : IAsyncDisposable
{
    private readonly ReplicaServices _services = services;

    /// <summary>The partition follows this leader from now on, under its <see cref="Partition.LeaderEpoch"/>; what it followed before is left.</summary>
    public void Follow(Partition partition, BrokerId leader) => throw new NotImplementedException(_services.ToString());

    /// <summary>The partition follows nobody any more.</summary>
    public void Leave(Partition partition) => throw new NotImplementedException(_services.ToString());

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
