using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Diagnostics;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Storage;

namespace OrleansBroker.Core.Replication;

/// <summary>What replication on one broker is made of.</summary>
public sealed record ReplicaServices
{
    /// <summary>This broker in this life of its process.</summary>
    public required BrokerRegistration Self { get; init; }

    public required LogDirectory Logs { get; init; }

    public required PartitionTable Partitions { get; init; }

    public required MetadataCache Metadata { get; init; }

    public required BrokerConfigCache Config { get; init; }

    public required IDocumentStore Documents { get; init; }

    public required IMembership Membership { get; init; }

    public required IPeers Peers { get; init; }

    public required IBrokerConnector Connector { get; init; }

    public required IFlushQueue Flushes { get; init; }

    /// <summary>What is counted for meters.</summary>
    public BrokerCounters Counters { get; init; } = new();

    public required TimeProvider Clock { get; init; }

    /// <summary>The only source of chance: jitter, ids of writes.</summary>
    public required Random Random { get; init; }

    public required ILoggerFactory Loggers { get; init; }
}
