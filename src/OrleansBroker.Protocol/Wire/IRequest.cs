namespace OrleansBroker.Protocol.Wire;

/// <summary>A request; its API is described beside its fields.</summary>
public interface IRequest : IWireStruct
{
    static abstract ApiDescription Api { get; }
}
