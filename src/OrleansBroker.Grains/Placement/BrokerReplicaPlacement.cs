using Orleans.Placement;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Embedded;
using OrleansBroker.Protocol;

namespace OrleansBroker.Grains.Placement;

/// <summary>At the broker that the key names.</summary>
internal sealed class BrokerReplicaPlacement : BrokerPlacement
{
    public override bool IsPinned => true;

    public override BrokerId FindOwner(BrokerHost broker, string key) => Parse(key);

    /// <summary>None where the key names none.</summary>
    public static BrokerId Parse(string key) => PartitionKey.TryParse(key, out _, out _, out var broker) ? broker : BrokerId.None;
}

[AttributeUsage(AttributeTargets.Class)]
internal sealed class BrokerReplicaPlacementAttribute() : PlacementAttribute(new BrokerReplicaPlacement());
