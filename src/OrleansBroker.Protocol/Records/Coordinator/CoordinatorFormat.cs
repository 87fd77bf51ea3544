using System.Buffers.Binary;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Records.Coordinator;

/// <summary>Turns keys and values of <c>__consumer_offsets</c> into bytes and back.</summary>
public static class CoordinatorFormat
{
    private const int VersionBytes = 2;

    /// <summary>
    /// What kind of record a key begins: 0 and 1 <see cref="OffsetCommitKey"/>, 2 <see cref="GroupMetadataKey"/>,
    /// from 3 on those of newer group protocols.
    /// </summary>
    /// <exception cref="MalformedMessageException">There is no version.</exception>
    public static short ReadVersion(ReadOnlySpan<byte> bytes) => BinaryPrimitives.TryReadInt16BigEndian(bytes, out var version)
        ? version
        : throw new MalformedMessageException("a coordinator's record without a version");

    /// <param name="version">Null for <see cref="ICoordinatorRecord.VersionWritten"/>.</param>
    public static byte[] Encode<T>(T record, short? version = null)
        where T : class, ICoordinatorRecord
    {
        var written = version ?? record.VersionWritten;
        var flexible = written >= T.FlexibleSince;
        var sizer = new WireSizer(written, flexible);
        sizer.Message(ref record);
        var bytes = new byte[VersionBytes + sizer.Size];
        BinaryPrimitives.WriteInt16BigEndian(bytes, written);
        var writer = new WireWriter(bytes.AsSpan(VersionBytes), written, flexible);
        writer.Message(ref record);
        return bytes;
    }

    /// <summary>Fields of type bytes go on pointing into <paramref name="bytes"/>.</summary>
    /// <exception cref="MalformedMessageException">Not such a record, or of a version that is not known.</exception>
    public static T Decode<T>(ReadOnlyMemory<byte> bytes)
        where T : class, ICoordinatorRecord, new()
    {
        var version = ReadVersion(bytes.Span);
        if (version < T.VersionMin || version > T.VersionMax)
        {
            throw new MalformedMessageException($"{typeof(T).Name} of unknown version {version}");
        }

        var record = new T();
        var reader = new WireReader(bytes[VersionBytes..], version, version >= T.FlexibleSince);
        reader.Message(ref record);
        return reader.Remaining == 0
            ? record
            : throw new MalformedMessageException($"{reader.Remaining} bytes behind a {typeof(T).Name}");
    }
}
