using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Network;

namespace OrleansBroker.Simulator.Ports;

/// <summary>Connections of one broker to the listeners of others.</summary>
internal sealed class SimulatedBrokerConnector(SimulatedNetwork network, SimulatedProcess process, int self) : IBrokerConnector
{
    public async ValueTask<IBrokerConnection> ConnectAsync(BrokerId broker, CancellationToken cancellation)
    {
        var connection = await ClientConnection.OpenAsync(network, process, self, broker.Value, $"broker-{self}");
        cancellation.ThrowIfCancellationRequested();
        return new Connection(connection);
    }

    private sealed class Connection(ClientConnection connection) : IBrokerConnection
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

        public async ValueTask<TResponse> SendAsync<TRequest, TResponse>(TRequest request, short version, CancellationToken cancellation)
            where TRequest : class, IRequest<TResponse>, new()
            where TResponse : class, IWireStruct, new() =>
            await connection.CallAsync<TRequest, TResponse>(request, version, Patience, cancellation);

        public ValueTask DisposeAsync()
        {
            connection.Close();
            return ValueTask.CompletedTask;
        }
    }
}
