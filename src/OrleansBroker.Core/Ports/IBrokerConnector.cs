using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Ports;

/// <summary>Opens connections to the listeners of other brokers, for followers to fetch over.</summary>
public interface IBrokerConnector
{
    /// <exception cref="IOException">It cannot be reached.</exception>
    ValueTask<IBrokerConnection> ConnectAsync(BrokerId broker, CancellationToken cancellation);
}
