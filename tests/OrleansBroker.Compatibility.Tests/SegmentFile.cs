using System.Buffers.Binary;
using OrleansBroker.Compatibility.Tests.Drivers;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>What the broker wrote: Kafka's log segments, read by this test's own knowledge of the format.</summary>
internal static class SegmentFile
{
    private const int LengthAt = 8;
    private const int AttributesAt = 21;
    private const int LogOverheadBytes = 12;
    private const int CodecMask = 0x07;

    /// <summary>The codec of each record batch in the first segment of partition 0.</summary>
    public static IEnumerable<string> CodecsOf(string dataDirectory, string topic)
    {
        using FileStream file = new(Path.Combine(dataDirectory, $"{topic}-0", $"{0:d20}.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        for (int at = 0; at < bytes.Length;)
        {
            yield return ClientCatalog.Codecs[BinaryPrimitives.ReadInt16BigEndian(bytes.AsSpan(at + AttributesAt)) & CodecMask];
            at += LogOverheadBytes + BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + LengthAt));
        }
    }
}
