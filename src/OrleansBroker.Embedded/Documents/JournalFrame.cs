using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Embedded.Documents;

/// <summary>
/// What is written to a journal at once and flushed at once. All numbers are little-endian.
/// <code>
/// frame:  mark int32 | its place in the file int64 | length of the entries int32 | CRC-32C of place, length and entries | entry*
/// entry:  etag int64 | length of the key int16 | key, UTF-8 | length of the content int32, -1 for a deletion | content
/// </code>
/// </summary>
internal sealed class JournalFrame
{
    public const int HeaderBytes = 4 + 8 + 4 + 4;
    private const int Mark = 0x4A44424F;
    private const int PlaceAt = 4;
    private const int LengthAt = PlaceAt + 8;
    private const int CrcAt = LengthAt + 4;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public JournalFrame() => Clear();

    /// <summary>Bytes, the header's among them.</summary>
    public int Length => _bytes.WrittenCount;

    public void Clear()
    {
        _bytes.ResetWrittenCount();
        _bytes.GetSpan(HeaderBytes)[..HeaderBytes].Clear();
        _bytes.Advance(HeaderBytes);
    }

    public void Add(in JournalEntry entry)
    {
        var keyBytes = Encoding.UTF8.GetByteCount(entry.Key);
        var content = entry.Content.GetValueOrDefault().Span;
        var span = _bytes.GetSpan(8 + 2 + keyBytes + 4 + content.Length);
        BinaryPrimitives.WriteInt64LittleEndian(span, entry.ETag);
        BinaryPrimitives.WriteInt16LittleEndian(span[8..], (short)keyBytes);
        Encoding.UTF8.GetBytes(entry.Key, span[10..]);
        BinaryPrimitives.WriteInt32LittleEndian(span[(10 + keyBytes)..], entry.Content is null ? -1 : content.Length);
        content.CopyTo(span[(14 + keyBytes)..]);
        _bytes.Advance(14 + keyBytes + content.Length);
    }

    /// <summary>The bytes to write at that place of the file.</summary>
    public ReadOnlySpan<byte> At(long place)
    {
        // The memory is the writer's own: nothing else has it.
        var frame = System.Runtime.InteropServices.MemoryMarshal.AsMemory(_bytes.WrittenMemory).Span;
        BinaryPrimitives.WriteInt32LittleEndian(frame, Mark);
        BinaryPrimitives.WriteInt64LittleEndian(frame[PlaceAt..], place);
        BinaryPrimitives.WriteInt32LittleEndian(frame[LengthAt..], frame.Length - HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[CrcAt..], CrcOf(frame));
        return frame;
    }

    /// <summary>The frame that begins at that place of a file's bytes; false where none does.</summary>
    public static bool TryRead(ReadOnlySpan<byte> file, int place, out ReadOnlySpan<byte> entries)
    {
        entries = default;
        var rest = file[place..];
        if (rest.Length < HeaderBytes || BinaryPrimitives.ReadInt32LittleEndian(rest) != Mark || BinaryPrimitives.ReadInt64LittleEndian(rest[PlaceAt..]) != place)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(rest[LengthAt..]);
        if (length < 0 || length > rest.Length - HeaderBytes)
        {
            return false;
        }

        entries = rest.Slice(HeaderBytes, length);
        return BinaryPrimitives.ReadUInt32LittleEndian(rest[CrcAt..]) == CrcOf(rest[..(HeaderBytes + length)]);
    }

    /// <summary>Takes the first entry off the entries of a frame.</summary>
    public static JournalEntry Take(ref ReadOnlySpan<byte> entries)
    {
        var etag = BinaryPrimitives.ReadInt64LittleEndian(entries);
        var keyBytes = BinaryPrimitives.ReadInt16LittleEndian(entries[8..]);
        var key = Encoding.UTF8.GetString(entries.Slice(10, keyBytes));
        var length = BinaryPrimitives.ReadInt32LittleEndian(entries[(10 + keyBytes)..]);
        ReadOnlyMemory<byte>? content = length < 0 ? (ReadOnlyMemory<byte>?)null : entries.Slice(14 + keyBytes, length).ToArray();
        entries = entries[(14 + keyBytes + Math.Max(length, 0))..];
        return new JournalEntry(key, etag, content);
    }

    private static uint CrcOf(ReadOnlySpan<byte> frame) =>
        Crc32C.Append(Crc32C.Compute(frame[PlaceAt..CrcAt]), frame[HeaderBytes..]);
}
