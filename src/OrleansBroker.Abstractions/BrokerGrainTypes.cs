namespace OrleansBroker.Abstractions;

/// <summary>The brokers' grain types. With them a reference can be made before the cluster has said which grains it has.</summary>
internal static class BrokerGrainTypes
{
    /// <summary>What all of them begin with.</summary>
    public const string Prefix = "orleansbroker.";

    public const string Partition = Prefix + "partition";

    public const string Replica = Prefix + "replica";

    public const string ConsumerGroup = Prefix + "group";

    public const string Catalog = Prefix + "catalog";

    public const string ProducerIds = Prefix + "producer-ids";
}
