using System.Collections.Immutable;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Ports;

/// <summary>The brokers that live, as one of them sees it at one moment. Views of different brokers may differ for a while.</summary>
/// <param name="Version">Grows with every change of this broker's view.</param>
/// <param name="Brokers">In the order of their ids.</param>
public sealed record ClusterView(long Version, ImmutableArray<BrokerRegistration> Brokers)
{
    public static readonly ClusterView Empty = new(0, []);

    /// <summary>The broker that answers for the cluster: the first that lives.</summary>
    public BrokerId Controller => Brokers.Length > 0 ? Brokers[0].Id : BrokerId.None;

    public BrokerRegistration? Find(BrokerId id)
    {
        foreach (var broker in Brokers)
        {
            if (broker.Id == id)
            {
                return broker;
            }
        }

        return null;
    }

    public bool IsAlive(BrokerId id) => Find(id) is not null;
}
