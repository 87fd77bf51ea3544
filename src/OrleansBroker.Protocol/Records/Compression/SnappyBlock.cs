using System.Buffers.Binary;
using System.Numerics;

namespace OrleansBroker.Protocol.Records.Compression;

/// <summary>
/// One snappy block (google/snappy, format_description.txt): the uncompressed length as an unsigned varint, then elements,
/// whose kind stands in the two low bits of their first byte:
/// <code>
///  00 literal   length - 1 in the upper 6 bits; 60 to 63 there: in the 1 to 4 bytes that follow (little-endian)
///  01 copy      length - 4 in bits 2 to 4, offset in bits 5 to 7 (high) and the byte that follows
///  10 copy      length - 1 in the upper 6 bits, offset in the 2 bytes that follow
///  11 copy      the same with 4 bytes
/// </code>
/// A copy repeats what lies offset bytes before the end of the output; it may overlap itself.
/// </summary>
internal static class SnappyBlock
{
    private const int TableBits = 13;

    /// <summary>Below this a literal is all that pays.</summary>
    private const int InputBytesMin = 16;

    /// <summary>No block expands more than this: 64 bytes for a copy of 3.</summary>
    private const int ExpansionMax = 22;

    /// <summary>What <see cref="Compress"/> may need for so many bytes.</summary>
    public static int CompressedBytesMax(int length) => 32 + length + (length / 6);

    public static void Decompress(ReadOnlySpan<byte> source, ref BoundedOutput output)
    {
        var position = 0;
        var length = ReadLength(source, ref position);
        if (length > (long)source.Length * ExpansionMax)
        {
            throw Damaged();
        }

        var target = output.Room(length);
        if (Elements(source[position..], target) != length)
        {
            throw Damaged();
        }

        output.Advance(length);
    }

    /// <param name="source">At most 64 KiB.</param>
    /// <returns>How many bytes of <paramref name="target"/> were written.</returns>
    public static int Compress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        Span<ushort> table = stackalloc ushort[1 << TableBits];
        table.Clear();
        var written = WriteLength(target, source.Length);
        var literalAt = 0;
        var at = 1;

        // Where nothing matches, the search takes ever longer steps, so that data that does not compress costs little.
        var misses = 32;
        while (at + InputBytesMin <= source.Length)
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(source[at..]);
            ref var slot = ref table[(int)((word * 0x1E35_A7BDu) >> (32 - TableBits))];
            var candidate = (int)slot;
            slot = (ushort)at;
            if (BinaryPrimitives.ReadUInt32LittleEndian(source[candidate..]) != word)
            {
                at += misses++ >> 5;
                continue;
            }

            written += WriteLiteral(target[written..], source[literalAt..at]);
            var matched = 4 + source[(at + 4)..].CommonPrefixLength(source[(candidate + 4)..]);
            written += WriteCopies(target[written..], at - candidate, matched);
            at += matched;
            literalAt = at;
            misses = 32;
        }

        return literalAt == source.Length ? written : written + WriteLiteral(target[written..], source[literalAt..]);
    }

    private static int Elements(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var at = 0;
        var written = 0;
        while (at < source.Length)
        {
            var tag = source[at++];
            var trailing = TrailingBytes(tag);
            if (trailing > source.Length - at)
            {
                throw Damaged();
            }

            var number = LittleEndian(source.Slice(at, trailing));
            at += trailing;
            if ((tag & 3) == 0)
            {
                var length = (trailing == 0 ? (uint)tag >> 2 : number) + 1L;
                if (length > source.Length - at || length > target.Length - written)
                {
                    throw Damaged();
                }

                source.Slice(at, (int)length).CopyTo(target[written..]);
                at += (int)length;
                written += (int)length;
                continue;
            }

            var isShort = (tag & 3) == 1;
            var offset = isShort ? number | ((uint)(tag & 0xE0) << 3) : number;
            written += Copy(target, written, offset, isShort ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1);
        }

        return written;
    }

    private static int TrailingBytes(byte tag) => (tag & 3) switch
    {
        0 => Math.Max((tag >> 2) - 59, 0),
        1 => 1,
        2 => 2,
        _ => 4,
    };

    private static uint LittleEndian(ReadOnlySpan<byte> bytes)
    {
        uint number = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            number |= (uint)bytes[i] << (8 * i);
        }

        return number;
    }

    private static int Copy(Span<byte> target, int written, uint offset, int length)
    {
        if (offset == 0 || offset > (uint)written || length > target.Length - written)
        {
            throw Damaged();
        }

        var from = target.Slice(written - (int)offset, length);
        var to = target.Slice(written, length);
        if (offset >= (uint)length)
        {
            from.CopyTo(to);
            return length;
        }

        for (var i = 0; i < length; i++)
        {
            to[i] = from[i];
        }

        return length;
    }

    private static int ReadLength(ReadOnlySpan<byte> source, ref int position)
    {
        ulong length = 0;
        for (var shift = 0; shift < 35 && position < source.Length; shift += 7)
        {
            var next = source[position++];
            length |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return length <= int.MaxValue ? (int)length : throw Damaged();
            }
        }

        throw Damaged();
    }

    private static int WriteLength(Span<byte> target, int length)
    {
        var written = 0;
        for (; length >= 0x80; length >>= 7)
        {
            target[written++] = (byte)(length | 0x80);
        }

        target[written++] = (byte)length;
        return written;
    }

    private static int WriteLiteral(Span<byte> target, ReadOnlySpan<byte> literal)
    {
        if (literal.IsEmpty)
        {
            return 0;
        }

        var number = (uint)literal.Length - 1;
        var trailing = number < 60 ? 0 : (BitOperations.Log2(number) / 8) + 1;
        target[0] = (byte)((trailing == 0 ? number : 59 + (uint)trailing) << 2);
        for (var i = 0; i < trailing; i++)
        {
            target[1 + i] = (byte)(number >> (8 * i));
        }

        literal.CopyTo(target[(1 + trailing)..]);
        return 1 + trailing + literal.Length;
    }

    private static int WriteCopies(Span<byte> target, int offset, int length)
    {
        var written = 0;
        for (; length > 0; written += 3)
        {
            // The last copy keeps at least four bytes, the least that pays.
            var piece = length is > 64 and < 68 ? 60 : Math.Min(length, 64);
            target[written] = (byte)(((piece - 1) << 2) | 2);
            BinaryPrimitives.WriteUInt16LittleEndian(target[(written + 1)..], (ushort)offset);
            length -= piece;
        }

        return written;
    }

    private static MalformedMessageException Damaged() => new("damaged snappy block");
}
