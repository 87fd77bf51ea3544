using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Core.Peers.Wire;

/// <summary>
/// A <see cref="PeerRequest{TReply}"/> or its reply, as it goes from broker to broker:
/// <code>
/// kind int16 | version int16 | body: the fields of the message, in Kafka's flexible encoding
/// </code>
/// A reply has the kind and the version of its request.
/// </summary>
public sealed class PeerFrame : IWireStruct
{
    /// <summary>Of <see cref="PeerMessages"/>: never given to another message.</summary>
    public short Kind;

    /// <summary>At most what both brokers know.</summary>
    public short Version;

    public ReadOnlyMemory<byte> Body;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int16(ref Kind);
        codec.Int16(ref Version);
        codec.Bytes(ref Body);
    }
}
