using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Diagnostics;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Storage;

namespace OrleansBroker.Core;

/// <summary>One broker's parts, for those who answer its clients.</summary>
public sealed record BrokerServices
{
    public required BrokerId Id { get; init; }

    public required BrokerConfigCache Config { get; init; }

    public required MetadataCache Metadata { get; init; }

    public required PartitionTable Partitions { get; init; }

    public required IMembership Membership { get; init; }

    /// <summary>The other brokers, and this one as they see it.</summary>
    public required IPeers Peers { get; init; }

    public required ITopicCatalog Topics { get; init; }

    public required IGroupCoordinator Groups { get; init; }

    public required IProducerIds ProducerIds { get; init; }

    public required LogDirectory Logs { get; init; }

    /// <summary>What is counted for meters.</summary>
    public BrokerCounters Counters { get; init; } = new();

    public required TimeProvider Clock { get; init; }

    /// <summary>Asked while the parts are put together, by one thread: a part that needs more takes a <see cref="RandomExtensions.Fork"/>.</summary>
    public required Random Random { get; init; }

    /// <summary>Milliseconds since 1970, as record timestamps count.</summary>
    public long NowMs => Clock.GetUtcNow().ToUnixTimeMilliseconds();
}
