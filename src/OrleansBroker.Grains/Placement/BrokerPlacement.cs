using OrleansBroker.Embedded;
using OrleansBroker.Protocol;

namespace OrleansBroker.Grains.Placement;

/// <summary>
/// Puts a grain where the broker is whose business it is, as the broker that looks knows: the same answer says where an activation is
/// made and where one that is elsewhere asks.
/// </summary>
internal abstract class BrokerPlacement : PlacementStrategy
{
    /// <summary>Whether the grain is at its broker or nowhere.</summary>
    public virtual bool IsPinned => false;

    /// <summary>The broker, which lives; none where there is none, or where any is as good as any other.</summary>
    public abstract BrokerId FindOwner(BrokerHost broker, string key);
}
