using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
    private const int TableBitsMin = 8;
    private const int TableBitsMax = 14;

    /// <summary>The longest copy of one element.</summary>
    private const int CopyBytesMax = 64;

    /// <summary>From this tag on, a literal's length stands behind the tag.</summary>
    private const int LongLiteralTag = 60 << 2;

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
    [SkipLocalsInit]
    public static int Compress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        Span<ushort> wholeTable = stackalloc ushort[1 << TableBitsMax];
        var tableBits = Math.Clamp(BitOperations.Log2((uint)source.Length | 1) + 1, TableBitsMin, TableBitsMax);
        var table = wholeTable[..(1 << tableBits)];
        table.Clear();
        var written = WriteLength(target, source.Length);
        var literalAt = 0;
        var at = 1;

        // Where nothing matches, the search takes ever longer steps, so that data that does not compress costs little.
        var misses = 32;
        while (at + InputBytesMin <= source.Length)
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(source[at..]);
            ref var slot = ref table[Hash(word, tableBits)];
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
            if (at + InputBytesMin <= source.Length)
            {
                table[Hash(BinaryPrimitives.ReadUInt32LittleEndian(source[(at - 1)..]), tableBits)] = (ushort)(at - 1);
            }
        }

        return literalAt == source.Length ? written : written + WriteLiteral(target[written..], source[literalAt..]);
    }

    private static int Hash(uint word, int bits) => (int)((word * 0x1E35_A7BDu) >> (32 - bits));

    /// <summary>
    /// Room and input permitting, bytes are moved in whole vectors: what that writes too much lies before the end of the
    /// target, which the elements that follow have to fill.
    /// </summary>
    private static int Elements(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var at = 0;
        var written = 0;
        while (at < source.Length)
        {
            var tag = source[at++];
            var number = ReadNumber(source, ref at, TrailingBytes(tag));
            switch (tag & 3)
            {
                case 0:
                    var length = (tag < LongLiteralTag ? (uint)tag >> 2 : number) + 1L;
                    Literal(source[at..], target[written..], length);
                    at += (int)length;
                    written += (int)length;
                    break;
                case 1:
                    written += Copy(target, written, number | ((uint)(tag & 0xE0) << 3), ((tag >> 2) & 7) + 4);
                    break;
                default:
                    written += Copy(target, written, number, (tag >> 2) + 1);
                    break;
            }
        }

        return written;
    }

    private static int TrailingBytes(byte tag) => (tag & 3) switch
    {
        0 => tag < LongLiteralTag ? 0 : (tag >> 2) - 59,
        1 => 1,
        2 => 2,
        _ => 4,
    };

    private static uint ReadNumber(ReadOnlySpan<byte> source, ref int at, int count)
    {
        var rest = source[at..];
        if (rest.Length >= 4)
        {
            at += count;
            return (uint)(BinaryPrimitives.ReadUInt32LittleEndian(rest) & ((1UL << (8 * count)) - 1));
        }

        if (count > rest.Length)
        {
            throw Damaged();
        }

        uint number = 0;
        for (var i = 0; i < count; i++)
        {
            number |= (uint)rest[i] << (8 * i);
        }

        at += count;
        return number;
    }

    private static void Literal(ReadOnlySpan<byte> source, Span<byte> target, long length)
    {
        const int VectorBytes = 16;
        if (length <= VectorBytes && source.Length >= VectorBytes && target.Length >= VectorBytes)
        {
            Vector128.Create(source[..VectorBytes]).CopyTo(target);
            return;
        }

        if (length > source.Length || length > target.Length)
        {
            throw Damaged();
        }

        source[..(int)length].CopyTo(target);
    }

    private static int Copy(Span<byte> target, int written, uint offset, int length)
    {
        const int VectorBytes = 16;
        if (offset == 0 || offset > (uint)written || length > target.Length - written)
        {
            throw Damaged();
        }

        var from = target[(written - (int)offset)..];
        var to = target[written..];
        if (offset >= VectorBytes && to.Length >= CopyBytesMax)
        {
            for (var i = 0; i < length; i += VectorBytes)
            {
                Vector128.Create(from.Slice(i, VectorBytes)).CopyTo(to[i..]);
            }

            return length;
        }

        // Byte by byte, for the copy may repeat what it has just written.
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
        while (length > 0)
        {
            // The last copy keeps at least four bytes, the least that one can have.
            var piece = length is > CopyBytesMax and < CopyBytesMax + 4 ? CopyBytesMax - 4 : Math.Min(length, CopyBytesMax);
            length -= piece;
            if (piece is >= 4 and < 12 && offset < 2048)
            {
                target[written] = (byte)(((offset >> 8) << 5) | ((piece - 4) << 2) | 1);
                target[written + 1] = (byte)offset;
                written += 2;
                continue;
            }

            target[written] = (byte)(((piece - 1) << 2) | 2);
            BinaryPrimitives.WriteUInt16LittleEndian(target[(written + 1)..], (ushort)offset);
            written += 3;
        }

        return written;
    }

    private static MalformedMessageException Damaged() => new("damaged snappy block");
}
