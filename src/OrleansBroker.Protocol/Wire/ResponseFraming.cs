namespace OrleansBroker.Protocol.Wire;

/// <summary>
/// A response on the wire: <c>size int32 | correlation id int32 | tagged fields, if the header's version is 1 | body</c>,
/// where the size counts what follows it.
/// </summary>
public static class ResponseFraming
{
    private const int SizeBytes = 4;
    private const int CorrelationIdBytes = 4;

    /// <param name="spliceBytesMin">Records that lie in an <see cref="Records.IRecordSource"/> are left out from this many bytes on, and copied below.</param>
    public static FrameSize Measure<TResponse>(ApiDescription api, short version, ref TResponse response, int spliceBytesMin = 0)
        where TResponse : IWireStruct
    {
        var sizer = new WireSizer(version, api.IsFlexible(version), spliceBytesMin);
        if (HasTags(api, version))
        {
            var empty = default(EmptyStruct);
            sizer.Message(ref empty);
        }

        sizer.Message(ref response);
        var total = checked(SizeBytes + CorrelationIdBytes + sizer.Size);
        return new FrameSize(total, total - sizer.ExternalSize);
    }

    /// <summary>Writes the whole frame, its size included.</summary>
    /// <param name="buffer">Holds at least <see cref="FrameSize.Inline"/> bytes, or <see cref="FrameSize.Total"/> where <paramref name="splices"/> is null.</param>
    /// <param name="splices">Receives the records that were left out, their places counted from the frame's first byte; null to have them copied.</param>
    /// <param name="spliceBytesMin">As it was given to <see cref="Measure"/>.</param>
    /// <returns>Bytes written.</returns>
    public static int Write<TResponse>(
        Span<byte> buffer,
        FrameSize size,
        ApiDescription api,
        short version,
        int correlationId,
        ref TResponse response,
        List<RecordSplice>? splices = null,
        int spliceBytesMin = 0)
        where TResponse : IWireStruct
    {
        var writer = new WireWriter(buffer, version, api.IsFlexible(version), splices, spliceBytesMin);
        var counted = size.Total - SizeBytes;
        writer.Int32(ref counted, 0, short.MaxValue, nameof(size));
        writer.Int32(ref correlationId, 0, short.MaxValue, nameof(correlationId));
        if (HasTags(api, version))
        {
            var empty = default(EmptyStruct);
            writer.Message(ref empty);
        }

        writer.Message(ref response);
        return writer.Position;
    }

    /// <summary>Reads a response, as a client does.</summary>
    /// <param name="frame">What follows the size.</param>
    public static TResponse Read<TResponse>(ReadOnlyMemory<byte> frame, ApiDescription api, short version, out int correlationId)
        where TResponse : IWireStruct, new()
    {
        correlationId = 0;
        var reader = new WireReader(frame, version, api.IsFlexible(version));
        reader.Int32(ref correlationId, 0, short.MaxValue, nameof(correlationId));
        if (HasTags(api, version))
        {
            var empty = default(EmptyStruct);
            reader.Message(ref empty);
        }

        var response = new TResponse();
        reader.Message(ref response);
        return response;
    }

    private static bool HasTags(ApiDescription api, short version) => api.ResponseHeaderVersion(version) >= 1;
}
