using System.Numerics;

namespace OrleansBroker.Protocol.Records;

/// <summary>
/// The numbers inside records: zigzag (0, -1, 1, -2 … become 0, 1, 2, 3 …), then seven bits a byte, least significant first,
/// the top bit saying that more follow.
/// </summary>
internal static class RecordVarint
{
    public const int BytesMax32 = 5;
    public const int BytesMax64 = 10;

    public static int ReadInt32(ReadOnlySpan<byte> bytes, scoped ref int position)
    {
        if (position < bytes.Length && bytes[position] < 0x80)
        {
            var one = bytes[position++];
            return (one >> 1) ^ -(one & 1);
        }

        var raw = ReadRaw(bytes, ref position, BytesMax32);
        if (raw > uint.MaxValue)
        {
            throw new MalformedMessageException("a varint of a record does not fit in 32 bits");
        }

        return (int)((uint)raw >> 1) ^ -(int)(raw & 1);
    }

    public static long ReadInt64(ReadOnlySpan<byte> bytes, scoped ref int position)
    {
        var raw = ReadRaw(bytes, ref position, BytesMax64);
        return (long)(raw >> 1) ^ -(long)(raw & 1);
    }

    /// <summary>Writes into <paramref name="destination"/>; returns how many bytes.</summary>
    public static int Write(Span<byte> destination, long value)
    {
        var raw = ZigZag(value);
        var length = 0;
        for (; raw >= 0x80; raw >>= 7)
        {
            destination[length++] = (byte)(raw | 0x80);
        }

        destination[length++] = (byte)raw;
        return length;
    }

    /// <summary>How many bytes <paramref name="value"/> takes.</summary>
    public static int Size(long value) => ((63 - BitOperations.LeadingZeroCount(ZigZag(value) | 1)) / 7) + 1;

    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static ulong ReadRaw(ReadOnlySpan<byte> bytes, scoped ref int position, int bytesMax)
    {
        ulong raw = 0;
        for (var i = 0; i < bytesMax; i++)
        {
            if (position >= bytes.Length)
            {
                throw new MalformedMessageException("a record ends inside a varint");
            }

            var next = bytes[position++];
            if (i == BytesMax64 - 1 && next > 1)
            {
                break;
            }

            raw |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                return raw;
            }
        }

        throw new MalformedMessageException($"a varint of a record is longer than {bytesMax} bytes or 64 bits");
    }
}
