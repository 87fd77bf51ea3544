using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Server.Handlers;

/// <summary>
/// Answers the requests of one API. One instance serves all connections of a listener, many at once: what belongs to a
/// connection is in the <see cref="RequestContext"/>. It runs on the thread that polls the sockets, so it never blocks:
/// waiting is asynchronous and long work goes to the thread pool.
/// </summary>
internal interface IHandler<TRequest, TResponse>
    where TRequest : class, IRequest<TResponse>, new()
    where TResponse : class, IWireStruct, new()
{
    /// <summary>
    /// The answer to <paramref name="request"/>. Memory that the request refers to (bytes, records) is valid until the
    /// answer is there; what is kept longer is copied.
    /// </summary>
    /// <exception cref="OrleansBroker.Protocol.MalformedMessageException">The request makes no sense: the connection is closed.</exception>
    ValueTask<TResponse> HandleAsync(TRequest request, RequestContext context);
}
