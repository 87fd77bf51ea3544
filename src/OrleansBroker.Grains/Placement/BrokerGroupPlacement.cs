using Orleans.Placement;
using OrleansBroker.Core.Topics;
using OrleansBroker.Embedded;
using OrleansBroker.Protocol;

namespace OrleansBroker.Grains.Placement;

/// <summary>At the group's coordinator: the leader of its partition of <c>__consumer_offsets</c>.</summary>
internal sealed class BrokerGroupPlacement : BrokerPlacement
{
    public override BrokerId FindOwner(BrokerHost broker, string key) => PartitionOwner.Find(broker, InternalTopics.ConsumerOffsets, broker.Services.Groups.PartitionFor(key));
}

[AttributeUsage(AttributeTargets.Class)]
internal sealed class BrokerGroupPlacementAttribute() : PlacementAttribute(new BrokerGroupPlacement());
