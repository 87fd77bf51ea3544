using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Rebalancing;

/// <summary>What the rebalancing of one broker is made of.</summary>
public sealed record RebalanceServices
{
    public required BrokerId Self { get; init; }

    public required MetadataCache Metadata { get; init; }

    public required BrokerConfigCache Config { get; init; }

    public required IDocumentStore Documents { get; init; }

    public required IMembership Membership { get; init; }

    public required IPeers Peers { get; init; }

    /// <summary>Where a broker that has left is forgotten.</summary>
    public required ITopicCatalog Topics { get; init; }

    public required TimeProvider Clock { get; init; }

    /// <summary>Asked while the broker is put together.</summary>
    public required Random Random { get; init; }

    public required ILoggerFactory Loggers { get; init; }
}
