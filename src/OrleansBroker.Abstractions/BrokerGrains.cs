using OrleansBroker.Abstractions.Catalog;
using OrleansBroker.Abstractions.Groups;
using OrleansBroker.Abstractions.Partitions;

namespace OrleansBroker.Abstractions;

/// <param name="grains">Of the cluster that the brokers are silos of, or of a client of it.</param>
public sealed class BrokerGrains(IGrainFactory grains) : IBrokerGrains
{
    public ICatalogGrain Catalog => grains.GetGrain<ICatalogGrain>(ICatalogGrain.Key);

    public IProducerIdGrain ProducerIds => grains.GetGrain<IProducerIdGrain>(IProducerIdGrain.Key);

    public IPartitionGrain Partition(string topic, int partition) => grains.GetGrain<IPartitionGrain>(PartitionKey.Of(topic, partition));

    public IReplicaGrain Replica(string topic, int partition, int broker) => grains.GetGrain<IReplicaGrain>(PartitionKey.Of(topic, partition, broker));

    public IConsumerGroupGrain Group(string groupId) => grains.GetGrain<IConsumerGroupGrain>(groupId);
}
