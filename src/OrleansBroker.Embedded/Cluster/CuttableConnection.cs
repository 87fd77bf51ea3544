using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Embedded.Cluster;

/// <summary>A connection between two brokers that breaks when they are cut off from each other.</summary>
internal sealed class CuttableConnection(IBrokerConnection connection, Func<Task> check, Func<bool> isCut) : IBrokerConnection
{
    public bool IsClosed { get; private set; }

    public async ValueTask<TResponse> SendAsync<TRequest, TResponse>(TRequest request, short version, CancellationToken cancellation)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        await check();
        var response = await connection.SendAsync<TRequest, TResponse>(request, version, cancellation);
        await check();
        return response;
    }

    public void CloseIfCut()
    {
        if (isCut())
        {
            _ = DisposeAsync().AsTask();
        }
    }

    public ValueTask DisposeAsync()
    {
        IsClosed = true;
        return connection.DisposeAsync();
    }
}
