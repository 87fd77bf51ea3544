using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;

namespace OrleansBroker.Core.Peers;

/// <summary>What a broker answers its peers with.</summary>
public sealed record PeerService
{
    public required BrokerReplicas Replicas { get; init; }

    /// <summary>This broker's own catalog, for requests that were sent on to it.</summary>
    public required ICatalogPeer Catalog { get; init; }
}
