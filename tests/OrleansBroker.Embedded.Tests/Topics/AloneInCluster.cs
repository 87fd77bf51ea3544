using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Ports;
using OrleansBroker.Embedded.Topics;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Tests.Topics;

/// <summary>What a broker without others has of the cluster.</summary>
internal sealed class AloneInCluster : IPeers
{
    public static CatalogServices Services(
        IDocumentStore documents, BrokerConfigCache config, MetadataCache metadata, IPartitionHost partitions, int writesAtOnce = 1) => new()
    {
        Documents = documents,
        Config = config,
        Metadata = metadata,
        Partitions = partitions,
        Membership = new FixedMembership(new ClusterView(1, [new BrokerRegistration(config.Current.Broker, 1, 1, Guid.Empty, "localhost", 9092, null)])),
        Peers = new AloneInCluster(),
        Clock = TimeProvider.System,
        Random = new Random(),
        Logger = NullLogger.Instance,
        WritesAtOnce = writesAtOnce,
    };

    public ValueTask<TReply> AskAsync<TReply>(BrokerId broker, PeerRequest<TReply> request, CancellationToken cancellation) => throw new IOException($"there is no broker {broker}");
}
