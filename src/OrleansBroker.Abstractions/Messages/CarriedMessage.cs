using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Abstractions.Messages;

/// <summary>
/// A kind of message that goes from silo to silo:
/// <code>
/// kind int8 | key int16 | version int16 | the fields of the message
/// </code>
/// The key is an <see cref="ApiKey"/> and the version one of its API where the kind is a request or a response; otherwise the key
/// is one of <see cref="CarriedMessages"/>, and the version always 0: who asks another broker for the first time does not know what
/// that can read, so that these messages grow by tagged fields only. What is within a <see cref="Core.Peers.Wire.PeerFrame"/> has a
/// version of its own, a <see cref="MessageVersion"/>.
/// </summary>
internal abstract class CarriedMessage(MessageKind kind, short key)
{
    public const int HeaderBytes = 1 + 2 + 2;

    public MessageKind Kind { get; } = kind;

    public short Key { get; } = key;

    public abstract void Write(object message, PooledBuffer destination);

    public abstract object Read(ReadOnlyMemory<byte> body, short version);
}

internal enum MessageKind : byte
{
    Request = 0,
    Response = 1,
    Other = 2,
}
