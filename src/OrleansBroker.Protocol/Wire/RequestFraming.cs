using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;

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
        var header = Header<TRequest>(version, correlationId, clientId);
        var frame = new byte[Measure(request, header)];
        Write(request, header, frame);
        return frame;
    }

    /// <summary>Appends the whole frame, its size included.</summary>
    public static void Write<TRequest>(TRequest request, short version, int correlationId, string? clientId, PooledBuffer destination)
        where TRequest : IRequest
    {
        var header = Header<TRequest>(version, correlationId, clientId);
        var bytes = Measure(request, header);
        Write(request, header, destination.GetSpan(bytes)[..bytes]);
        destination.Advance(bytes);
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

    private static RequestHeader Header<TRequest>(short version, int correlationId, string? clientId)
        where TRequest : IRequest =>
        new() { ApiKey = TRequest.Api.Key, ApiVersion = version, CorrelationId = correlationId, ClientId = clientId };

    private static int Measure<TRequest>(TRequest request, RequestHeader header)
        where TRequest : IRequest
    {
        var empty = default(EmptyStruct);
        var headerSizer = new WireSizer(header.ApiVersion, flexible: false);
        header.Describe(ref headerSizer);
        var bodySizer = new WireSizer(header.ApiVersion, TRequest.Api.IsFlexible(header.ApiVersion));
        bodySizer.Message(ref empty);
        bodySizer.Message(ref request);
        return checked(SizeBytes + headerSizer.Size + bodySizer.Size);
    }

    private static void Write<TRequest>(TRequest request, RequestHeader header, Span<byte> frame)
        where TRequest : IRequest
    {
        var empty = default(EmptyStruct);
        var size = frame.Length - SizeBytes;
        var headerWriter = new WireWriter(frame, header.ApiVersion, flexible: false);
        headerWriter.Int32(ref size, 0, short.MaxValue, nameof(size));
        header.Describe(ref headerWriter);
        var bodyWriter = new WireWriter(frame[headerWriter.Position..], header.ApiVersion, TRequest.Api.IsFlexible(header.ApiVersion));
        bodyWriter.Message(ref empty);
        bodyWriter.Message(ref request);
    }
}
