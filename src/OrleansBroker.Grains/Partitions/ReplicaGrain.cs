using Orleans.Placement;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Grains.Placement;

namespace OrleansBroker.Grains.Partitions;

/// <inheritdoc cref="IReplicaGrain"/>
[GrainType(BrokerGrainTypes.Replica)]
[BrokerReplicaPlacement]
[Immovable]
internal sealed class ReplicaGrain(LocalBroker local) : Grain, IReplicaGrain
{
    public Task<ReplicaDescription> DescribeAsync() => Task.FromResult(Describe());

    private ReplicaDescription Describe()
    {
        if (local.Host is not { } host)
        {
            throw new IOException("the broker of this silo is not open");
        }

        if (!PartitionKey.TryParse(this.GetPrimaryKeyString(), out var topic, out var index, out var broker) || broker != host.Services.Id)
        {
            return new ReplicaDescription { Error = ErrorCode.UnknownTopicOrPartition };
        }

        var error = host.Services.Partitions.Lookup(topic, index, out var partition);
        if (error != ErrorCode.None)
        {
            return new ReplicaDescription { Error = error };
        }

        var state = partition!.State;
        return new ReplicaDescription
        {
            IsLeader = partition.IsLeader,
            IsInSync = state.IsInSync(broker),
            Leader = state.Leader.Value,
            LeaderEpoch = state.LeaderEpoch.Value,
            LogStartOffset = partition.LogStartOffset,
            HighWatermark = partition.HighWatermark,
            LogEndOffset = partition.Log.LogEndOffset,
        };
    }
}
