using OrleansBroker.Abstractions.Catalog;
using OrleansBroker.Abstractions.Groups;
using OrleansBroker.Abstractions.Partitions;

namespace OrleansBroker.Abstractions;

/// <summary>The grains of a cluster of brokers, wherever the caller is.</summary>
public interface IBrokerGrains
{
    ICatalogGrain Catalog { get; }

    IProducerIdGrain ProducerIds { get; }

    IPartitionGrain Partition(string topic, int partition);

    IReplicaGrain Replica(string topic, int partition, int broker);

    IConsumerGroupGrain Group(string groupId);
}
