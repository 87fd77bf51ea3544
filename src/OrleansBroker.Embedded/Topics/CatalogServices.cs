using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Ports;

namespace OrleansBroker.Embedded.Topics;

/// <summary>What the catalog on one broker is made of.</summary>
public sealed record CatalogServices
{
    public required IDocumentStore Documents { get; init; }

    public required BrokerConfigCache Config { get; init; }

    public required MetadataCache Metadata { get; init; }

    /// <summary>Told of every change.</summary>
    public required IPartitionHost Partitions { get; init; }

    /// <summary>Who can hold replicas, and who writes the catalog.</summary>
    public required IMembership Membership { get; init; }

    public required IPeers Peers { get; init; }

    public required TimeProvider Clock { get; init; }

    /// <summary>Asked while the broker is put together.</summary>
    public required Random Random { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>How many documents of one request are written at the same time.</summary>
    public int WritesAtOnce { get; init; } = 16;
}
