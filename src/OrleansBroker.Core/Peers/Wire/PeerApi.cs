using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Core.Peers.Wire;

/// <summary>One kind of question between brokers, in bytes.</summary>
internal abstract class PeerApi(short kind, Type requestType)
{
    public short Kind { get; } = kind;

    public Type RequestType { get; } = requestType;

    public abstract byte[] WriteRequest(object request, short version);

    public abstract ValueTask<byte[]> AnswerAsync(ReadOnlyMemory<byte> request, short version, PeerService peer);
}

internal interface IPeerApi<TReply>
{
    TReply ReadReply(ReadOnlyMemory<byte> reply, short version);
}

/// <summary>A question whose two messages stand on the wire as <typeparamref name="TRequestMessage"/> and <typeparamref name="TReplyMessage"/>.</summary>
internal sealed class PeerApi<TRequest, TReply, TRequestMessage, TReplyMessage>(
    short kind, Func<TRequest, TRequestMessage> toMessage, Func<TRequestMessage, TRequest> fromMessage, Func<TReply, TReplyMessage> toReply, Func<TReplyMessage, TReply> fromReply)
    : PeerApi(kind, typeof(TRequest)), IPeerApi<TReply>
    where TRequest : PeerRequest<TReply>
    where TRequestMessage : IWireStruct, new()
    where TReplyMessage : IWireStruct, new()
{
    public override byte[] WriteRequest(object request, short version) => MessageBytes.Write(toMessage((TRequest)request), version, flexible: true);

    public override async ValueTask<byte[]> AnswerAsync(ReadOnlyMemory<byte> request, short version, PeerService peer)
    {
        var reply = await fromMessage(MessageBytes.Read<TRequestMessage>(request, version, flexible: true)).AnswerAsync(peer);
        return MessageBytes.Write(toReply(reply), version, flexible: true);
    }

    public TReply ReadReply(ReadOnlyMemory<byte> reply, short version) => fromReply(MessageBytes.Read<TReplyMessage>(reply, version, flexible: true));
}
