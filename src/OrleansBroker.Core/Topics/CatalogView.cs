using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Topics;

/// <summary>What the catalog has to know of the cluster to decide.</summary>
/// <param name="Config">Of the broker that was asked: its defaults are what a topic gets.</param>
/// <param name="Brokers">Those that can hold replicas, in the order of their ids.</param>
public sealed record CatalogView(BrokerConfig Config, IReadOnlyList<CatalogBroker> Brokers)
{
    /// <summary>Whether a broker can be configured that holds no new replicas: it leaves, or does not live and is still named somewhere.</summary>
    public Predicate<BrokerId> Knows { get; init; } = _ => false;
}
