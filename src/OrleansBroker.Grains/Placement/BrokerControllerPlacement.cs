using Orleans.Placement;
using OrleansBroker.Embedded;
using OrleansBroker.Protocol;

namespace OrleansBroker.Grains.Placement;

/// <summary>At the broker that answers for the cluster.</summary>
internal sealed class BrokerControllerPlacement : BrokerPlacement
{
    public override BrokerId FindOwner(BrokerHost broker, string key) => broker.Services.Membership.Current.Controller;
}

[AttributeUsage(AttributeTargets.Class)]
internal sealed class BrokerControllerPlacementAttribute() : PlacementAttribute(new BrokerControllerPlacement());
