using System.Buffers.Binary;

namespace OrleansBroker.Protocol.Records.Compression;

/// <summary>
/// Snappy, as the Java client writes it, in snappy-java's framing (all numbers big-endian):
/// <code>
///  82 53 4E 41 50 50 59 00 | version int32 | lowest compatible version int32 | { length int32 | snappy block }*
/// </code>
/// or, as librdkafka writes it, one bare snappy block. A frame may be followed by another, header and all.
/// </summary>
internal static class SnappyCodec
{
    /// <summary>snappy-java's block size, and little enough for 16-bit positions in the match table.</summary>
    private const int BlockBytes = 32 * 1024;

    private const int FrameHeaderBytes = 16;

    private const int Version = 1;

    private static ReadOnlySpan<byte> FrameMagic => [0x82, (byte)'S', (byte)'N', (byte)'A', (byte)'P', (byte)'P', (byte)'Y', 0];

    public static void Decompress(ReadOnlySpan<byte> source, ref BoundedOutput output)
    {
        if (!source.StartsWith(FrameMagic))
        {
            SnappyBlock.Decompress(source, ref output);
            return;
        }

        while (!source.IsEmpty)
        {
            if (source.StartsWith(FrameMagic))
            {
                source = source[CheckFrameHeader(source)..];
                continue;
            }

            var length = source.Length < 4 ? -1 : BinaryPrimitives.ReadInt32BigEndian(source);
            if (length < 0 || length > source.Length - 4)
            {
                throw new MalformedMessageException("framed snappy ends inside a block");
            }

            SnappyBlock.Decompress(source.Slice(4, length), ref output);
            source = source[(4 + length)..];
        }
    }

    public static void Compress(ReadOnlySpan<byte> source, PooledBuffer destination)
    {
        var header = destination.GetSpan(FrameHeaderBytes);
        FrameMagic.CopyTo(header);
        BinaryPrimitives.WriteInt32BigEndian(header[8..], Version);
        BinaryPrimitives.WriteInt32BigEndian(header[12..], Version);
        destination.Advance(FrameHeaderBytes);
        while (!source.IsEmpty)
        {
            var block = source[..Math.Min(source.Length, BlockBytes)];
            var room = destination.GetSpan(4 + SnappyBlock.CompressedBytesMax(block.Length));
            var length = SnappyBlock.Compress(block, room[4..]);
            BinaryPrimitives.WriteInt32BigEndian(room, length);
            destination.Advance(4 + length);
            source = source[block.Length..];
        }
    }

    private static int CheckFrameHeader(ReadOnlySpan<byte> source)
    {
        if (source.Length < FrameHeaderBytes || BinaryPrimitives.ReadInt32BigEndian(source[8..]) < Version)
        {
            throw new MalformedMessageException("a snappy frame of a version that does not exist");
        }

        return FrameHeaderBytes;
    }
}
