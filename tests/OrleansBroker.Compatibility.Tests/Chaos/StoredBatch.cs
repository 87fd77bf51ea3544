using System.Buffers.Binary;
using System.Text;

namespace OrleansBroker.Compatibility.Tests.Chaos;

/// <summary>A batch as it lies in a segment: its bytes and the offset after its last record.</summary>
internal sealed record StoredBatch(long BaseOffset, long NextOffset, ReadOnlyMemory<byte> Bytes)
{
    private const int LeaderEpochAt = 12;
    private const int RecordsAt = 61;

    public int LeaderEpoch => BinaryPrimitives.ReadInt32BigEndian(Bytes.Span[LeaderEpochAt..]);

    /// <summary>The records of an uncompressed batch.</summary>
    public IEnumerable<(long Offset, string? Value)> Records()
    {
        for (int at = RecordsAt; at < Bytes.Length;)
        {
            int length = (int)Varint(ref at);
            int end = at + length;
            at++; // attributes
            Varint(ref at); // timestamp delta
            long offset = BaseOffset + Varint(ref at);
            int keyBytes = (int)Varint(ref at);
            at += Math.Max(keyBytes, 0);
            int valueBytes = (int)Varint(ref at);
            yield return (offset, valueBytes < 0 ? null : Encoding.UTF8.GetString(Bytes.Span.Slice(at, valueBytes)));
            at = end;
        }
    }

    private long Varint(ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = Bytes.Span[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return (long)(value >> 1) ^ -(long)(value & 1);
            }
        }
    }
}
