using System.Net;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Grains.Doors;

/// <summary>The limits of a listener that hold for callers inside Orleans too; nothing listens.</summary>
internal static class DoorSettings
{
    public static ListenerOptions From(BrokerConfig config) => new()
    {
        Endpoint = new IPEndPoint(IPAddress.None, 0),
        RequestBytesMax = config.SocketRequestMaxBytes,
        FetchBytesMax = config.FetchMaxBytes,
    };
}
