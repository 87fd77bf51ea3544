using OrleansBroker.Core.Configuration;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Embedded;

/// <summary>The listener's limits, by the broker's configuration.</summary>
internal static class ListenerSettings
{
    public static ListenerOptions From(BrokerConfig config, ListenerAddress address)
    {
        var defaults = new ListenerOptions { Endpoint = address.Resolve() };
        return defaults with
        {
            Name = address.Name,
            RequestBytesMax = config.SocketRequestMaxBytes,
            QueuedRequestBytesMax = config.QueuedMaxRequestBytes > 0 ? config.QueuedMaxRequestBytes : defaults.QueuedRequestBytesMax,
            ConnectionsMax = config.MaxConnections,
            ConnectionsPerAddressMax = config.MaxConnectionsPerIp,
            ConnectionIdleMsMax = config.ConnectionsMaxIdleMs,
            SendBufferBytes = config.SocketSendBufferBytes,
            ReceiveBufferBytes = config.SocketReceiveBufferBytes,
            ListenBacklog = config.SocketListenBacklogSize,
            FetchSessionsMax = config.MaxIncrementalFetchSessionCacheSlots,
            FetchBytesMax = config.FetchMaxBytes,
        };
    }
}
