using Orleans.Placement;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Embedded;
using OrleansBroker.Protocol;

namespace OrleansBroker.Grains.Placement;

/// <summary>At the partition's leader.</summary>
internal sealed class BrokerPartitionPlacement : BrokerPlacement
{
    public override BrokerId FindOwner(BrokerHost broker, string key) =>
        PartitionKey.TryParse(key, out var topic, out var partition) ? PartitionOwner.Find(broker, topic, partition) : BrokerId.None;
}

[AttributeUsage(AttributeTargets.Class)]
internal sealed class BrokerPartitionPlacementAttribute() : PlacementAttribute(new BrokerPartitionPlacement());
