using System.Net.Sockets;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Server.Network;

/// <summary>Connects to the listeners of other brokers, where membership says they are.</summary>
/// <param name="clientId">What this broker calls itself, for the logs of the others.</param>
public sealed class BrokerConnector(IMembership membership, string clientId) : IBrokerConnector
{
    /// <summary>A larger response closes its connection: far above what is asked for.</summary>
    public const int ResponseBytesMax = 256 << 20;

    public async ValueTask<IBrokerConnection> ConnectAsync(BrokerId broker, CancellationToken cancellation)
    {
        var registration = membership.Current.Find(broker) ?? throw new IOException($"broker {broker} does not live");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(registration.Host, registration.Port, cancellation);
            return new BrokerConnection(socket, clientId, ResponseBytesMax);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"broker {broker} at {registration.Host}:{registration.Port}: {e.Message}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
