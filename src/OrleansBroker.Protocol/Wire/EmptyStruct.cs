namespace OrleansBroker.Protocol.Wire;

/// <summary>No field at all: on the wire, in flexible versions, the tagged fields that headers end in. Nobody has defined any yet.</summary>
public struct EmptyStruct : IWireStruct
{
    public readonly void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
    }
}
