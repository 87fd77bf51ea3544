using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Embedded.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Storage;

namespace OrleansBroker.Embedded.Tests.Topics;

/// <summary>What a broker without others has of the cluster.</summary>
internal sealed class AloneInCluster : IPeers, IBrokerConnector
{
    public static BrokerRegistration Self { get; } = new(new BrokerId(0), 1, 1, Guid.Empty, "localhost", 9092, null);

    public static IMembership Membership { get; } = new FixedMembership(new ClusterView(1, [Self]));

    /// <summary>The replicas of such a broker.</summary>
    public static BrokerReplicas Replicas(
        LogDirectory logs, PartitionTable table, MetadataCache metadata, BrokerConfigCache configs, IDocumentStore documents, IFlushQueue flushes, TimeProvider clock, ILoggerFactory loggers) =>
        new(new ReplicaServices
        {
            Self = Self,
            Logs = logs,
            Partitions = table,
            Metadata = metadata,
            Config = configs,
            Documents = documents,
            Membership = Membership,
            Peers = new AloneInCluster(),
            Connector = new AloneInCluster(),
            Flushes = flushes,
            Clock = clock,
            Random = new Random(),
            Loggers = loggers,
        });

    public static CatalogServices Services(
        IDocumentStore documents, BrokerConfigCache config, MetadataCache metadata, IPartitionHost partitions, int writesAtOnce = 1) => new()
    {
        Documents = documents,
        Config = config,
        Metadata = metadata,
        Partitions = partitions,
        Membership = Membership,
        Peers = new AloneInCluster(),
        Clock = TimeProvider.System,
        Random = new Random(),
        Logger = NullLogger.Instance,
        WritesAtOnce = writesAtOnce,
    };

    public ValueTask<TReply> AskAsync<TReply>(BrokerId broker, PeerRequest<TReply> request, CancellationToken cancellation) => throw new IOException($"there is no broker {broker}");

    public ValueTask<IBrokerConnection> ConnectAsync(BrokerId broker, CancellationToken cancellation) => throw new IOException($"there is no broker {broker}");
}
