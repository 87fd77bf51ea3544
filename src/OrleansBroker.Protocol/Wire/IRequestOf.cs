namespace OrleansBroker.Protocol.Wire;

/// <summary>A request that is answered with a <typeparamref name="TResponse"/>.</summary>
public interface IRequest<TResponse> : IRequest
    where TResponse : IWireStruct, new();
