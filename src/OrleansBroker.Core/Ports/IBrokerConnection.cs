using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Core.Ports;

/// <summary>
/// A connection to another broker that speaks Kafka's protocol, one request at a time. Disposal may come while a request waits,
/// which then fails with an IOException.
/// </summary>
public interface IBrokerConnection : IAsyncDisposable
{
    /// <summary>Sends a request and waits for its response, whose records are valid until the next call.</summary>
    /// <exception cref="IOException">The connection is lost; it is of no more use.</exception>
    /// <exception cref="OperationCanceledException">As it was asked for; the connection is of no more use.</exception>
    ValueTask<TResponse> SendAsync<TRequest, TResponse>(TRequest request, short version, CancellationToken cancellation)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new();
}
