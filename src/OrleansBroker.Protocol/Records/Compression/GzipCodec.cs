using System.IO.Compression;

namespace OrleansBroker.Protocol.Records.Compression;

/// <summary>RFC 1952, through the runtime's own zlib.</summary>
internal static class GzipCodec
{
    /// <summary>zlib's own choice, which is 6.</summary>
    public const int LevelDefault = -1;

    public static unsafe void Decompress(ReadOnlySpan<byte> source, ref BoundedOutput output)
    {
        if (source.IsEmpty)
        {
            // What the runtime compresses nothing to.
            return;
        }

        fixed (byte* start = source)
        {
            using var input = new UnmanagedMemoryStream(start, source.Length);
            using var gzip = new GZipStream(input, CompressionMode.Decompress);
            try
            {
                int count;
                while ((count = gzip.Read(output.Room())) > 0)
                {
                    output.Advance(count);
                }
            }
            catch (InvalidDataException e)
            {
                throw new MalformedMessageException("damaged gzip", e);
            }
        }
    }

    public static void Compress(ReadOnlySpan<byte> source, int level, PooledBuffer destination)
    {
        using var output = new PooledBufferStream(destination);
        using var gzip = new GZipStream(output, new ZLibCompressionOptions { CompressionLevel = level });
        gzip.Write(source);
    }
}
