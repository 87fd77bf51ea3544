using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Placement;
using OrleansBroker.Grains.Membership;
using OrleansBroker.Protocol;

namespace OrleansBroker.Grains.Placement;

/// <summary>
/// Finds the silo for a grain of the broker's, by what the broker of this silo knows. It may be wrong by the time that the activation
/// starts, which looks again. A silo without a broker, or whose broker is not open, sends to any broker. A caller's placement hint counts for more.
/// </summary>
internal sealed class BrokerPlacementDirector(IServiceProvider services, IClusterMembershipService silos) : IPlacementDirector
{
    // Not there on a silo that is no broker.
    private readonly LocalBroker? _local = services.GetService<LocalBroker>();
    private readonly SiloMembership? _membership = services.GetService<SiloMembership>();

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var placement = (BrokerPlacement)strategy;
        var key = target.GrainIdentity.Key.ToString()!;
        var compatible = context.GetCompatibleSilos(target);
        if (!placement.IsPinned && IPlacementDirector.GetPlacementHint(target.RequestContextData, compatible) is { } hinted)
        {
            return Task.FromResult(hinted);
        }

        var owner = _local?.Host is { } host ? placement.FindOwner(host, key)
            : placement.IsPinned ? BrokerReplicaPlacement.Parse(key)
            : BrokerId.None;
        if (owner != BrokerId.None && FindSilo(owner) is { } found && Array.IndexOf(compatible, found) >= 0)
        {
            return Task.FromResult(found);
        }

        return placement.IsPinned
            ? throw new OrleansException($"{target.GrainIdentity}: its broker does not live")
            : Task.FromResult(AnyBroker(target.GrainIdentity, compatible, context.LocalSilo));
    }

    private SiloAddress? FindSilo(BrokerId broker) => _membership?.Find(broker) ?? Brokers().FirstOrDefault(silo => SiloName.ToBroker(silo.Name) == broker)?.SiloAddress;

    /// <summary>The same for the same grain as long as the silos are, and one whose broker is open where this one's is not.</summary>
    private SiloAddress AnyBroker(GrainId grain, SiloAddress[] compatible, SiloAddress local)
    {
        var brokers = Brokers().Select(silo => silo.SiloAddress).Where(compatible.Contains).Order().ToArray();
        var others = _local is { Host: null } ? Array.FindAll(brokers, silo => !silo.Equals(local)) : brokers;
        var choice = others.Length > 0 ? others : brokers;
        return choice.Length > 0
            ? choice[grain.GetUniformHashCode() % choice.Length]
            : throw new OrleansException($"{grain}: no broker lives");
    }

    private IEnumerable<ClusterMember> Brokers() =>
        silos.CurrentSnapshot.Members.Values.Where(silo => silo.Status == SiloStatus.Active && SiloName.ToBroker(silo.Name) != BrokerId.None);
}
