using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Core.Peers.Wire;

/// <summary>
/// A client's request that is sent on, in the highest version that this build knows: <c>version int16 | the request</c>.
/// A broker of another build refuses a version that it does not know, as it would refuse a client's.
/// </summary>
internal sealed class RequestMessage<TRequest> : IWireStruct
    where TRequest : class, IRequest, new()
{
    public TRequest Request = new();

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct => ClientMessages.Describe<TRequest, TRequest, TCodec>(ref codec, ref Request);
}

/// <summary>The response to a client's request that was sent on.</summary>
internal sealed class ResponseMessage<TRequest, TResponse> : IWireStruct
    where TRequest : class, IRequest<TResponse>, new()
    where TResponse : class, IWireStruct, new()
{
    public TResponse Response = new();

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct => ClientMessages.Describe<TRequest, TResponse, TCodec>(ref codec, ref Response);
}

internal static class ClientMessages
{
    public static void Describe<TRequest, T, TCodec>(ref TCodec codec, ref T message)
        where TRequest : class, IRequest, new()
        where T : class, IWireStruct, new()
        where TCodec : struct, IWireCodec, allows ref struct
    {
        var version = TRequest.Api.VersionMax;
        var written = new ReadOnlyMemory<byte>(MessageBytes.Write(message, version, TRequest.Api.IsFlexible(version)));
        var body = written;
        codec.Int16(ref version);
        codec.Bytes(ref body);
        if (body.Equals(written))
        {
            return;
        }

        if (version < TRequest.Api.VersionMin || version > TRequest.Api.VersionMax)
        {
            throw new MalformedMessageException($"{TRequest.Api.Key} version {version} from another broker is not known to this build");
        }

        message = MessageBytes.Read<T>(body, version, TRequest.Api.IsFlexible(version));
    }
}
