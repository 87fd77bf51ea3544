namespace OrleansBroker.Protocol.Wire;

/// <summary>
/// Something with fields on the wire. <see cref="Describe"/> names every field once, in wire order, tagged fields last;
/// the codec that is passed in decides whether that reads, writes, measures or prints.
/// </summary>
public interface IWireStruct
{
    void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct;
}
