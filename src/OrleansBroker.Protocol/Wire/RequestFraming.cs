using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Protocol.Wire;

/// <summary>
/// A request on the wire: <c>size int32 | header | body</c>, where the size counts what follows it. The header is
/// <see cref="RequestHeader"/>, in flexible versions with its tagged fields behind the client id.
/// </summary>
public static class RequestFraming
{
    private const int SizeBytes = 4;

    /// <summary>The whole frame, its size included.</summary>
    public static byte[] Write<TRequest>(TRequest request, short version, int correlationId, string? clientId)
        where TRequest : IRequest
    {
        var flexible = TRequest.Api.IsFlexible(version);
        var header = new RequestHeader { ApiKey = TRequest.Api.Key, ApiVersion = version, CorrelationId = correlationId, ClientId = clientId };
        var empty = default(EmptyStruct);

        var headerSizer = new WireSizer(version, flexible: false);
        header.Describe(ref headerSizer);
        var bodySizer = new WireSizer(version, flexible);
        bodySizer.Message(ref empty);
        bodySizer.Message(ref request);

        var size = checked(headerSizer.Size + bodySizer.Size);
        var frame = new byte[SizeBytes + size];
        var headerWriter = new WireWriter(frame, version, flexible: false);
        headerWriter.Int32(ref size, 0, short.MaxValue, nameof(size));
        header.Describe(ref headerWriter);
        var bodyWriter = new WireWriter(frame.AsSpan(headerWriter.Position), version, flexible);
        bodyWriter.Message(ref empty);
        bodyWriter.Message(ref request);
        return frame;
    }

    /// <summary>Reads what follows the fields that <see cref="RequestHeader.Read"/> reads. Bytes behind the message are left alone, as in Kafka.</summary>
    public static TRequest ReadBody<TRequest>(ReadOnlyMemory<byte> body, short version, StringCache? strings = null)
        where TRequest : IRequest, new()
    {
        var reader = new WireReader(body, version, TRequest.Api.IsFlexible(version), strings);
        var headerTags = default(EmptyStruct);
        reader.Message(ref headerTags);
        var request = new TRequest();
        reader.Message(ref request);
        return request;
    }
}
