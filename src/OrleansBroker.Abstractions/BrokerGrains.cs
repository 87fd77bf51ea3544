using OrleansBroker.Abstractions.Catalog;
using OrleansBroker.Abstractions.Groups;
using OrleansBroker.Abstractions.Partitions;

namespace OrleansBroker.Abstractions;

/// <param name="grains">Of the cluster that the brokers are silos of, or of a client of it.</param>
public sealed class BrokerGrains(IGrainFactory grains) : IBrokerGrains
{
    public ICatalogGrain Catalog => Get<ICatalogGrain>(BrokerGrainTypes.Catalog, ICatalogGrain.Key);

    public IProducerIdGrain ProducerIds => Get<IProducerIdGrain>(BrokerGrainTypes.ProducerIds, IProducerIdGrain.Key);

    public IPartitionGrain Partition(string topic, int partition) => Get<IPartitionGrain>(BrokerGrainTypes.Partition, PartitionKey.Of(topic, partition));

    public IReplicaGrain Replica(string topic, int partition, int broker) => Get<IReplicaGrain>(BrokerGrainTypes.Replica, PartitionKey.Of(topic, partition, broker));

    public IConsumerGroupGrain Group(string groupId) => Get<IConsumerGroupGrain>(BrokerGrainTypes.ConsumerGroup, groupId);

    private T Get<T>(string type, string key)
        where T : IGrainWithStringKey => grains.GetGrain<T>(GrainId.Create(type, key));
}
