using OrleansBroker.Protocol.Records.Compression;

namespace OrleansBroker.Protocol.Records;

/// <summary>
/// The codecs of record batches, in the forms that Kafka's own client writes and reads: gzip members, snappy blocks framed as
/// xerial's snappy-java does, an LZ4 frame, a zstd frame. The last two are done by the system's libraries.
/// </summary>
public static class RecordCompression
{
    /// <summary>Whether the codec works here: gzip and snappy always, lz4 and zstd where liblz4 and libzstd are installed.</summary>
    public static bool IsAvailable(CompressionCodec codec) => codec switch
    {
        CompressionCodec.None or CompressionCodec.Gzip or CompressionCodec.Snappy => true,
        CompressionCodec.Lz4 => Lz4Codec.IsAvailable,
        CompressionCodec.Zstd => ZstdCodec.IsAvailable,
        _ => false,
    };

    /// <summary>Kafka's compression.gzip.level, compression.lz4.level and compression.zstd.level; 0 where there is no level.</summary>
    public static int DefaultLevel(CompressionCodec codec) => codec switch
    {
        CompressionCodec.Gzip => GzipCodec.LevelDefault,
        CompressionCodec.Lz4 => Lz4Codec.LevelDefault,
        CompressionCodec.Zstd => ZstdCodec.LevelDefault,
        _ => 0,
    };

    /// <summary>Whether Kafka's configuration allows the level: gzip 1 to 9 and -1, lz4 1 to 17, zstd -131072 to 22.</summary>
    public static bool IsLevel(CompressionCodec codec, int level) => codec switch
    {
        CompressionCodec.Gzip => level is -1 or (>= 1 and <= 9),
        CompressionCodec.Lz4 => level is >= 1 and <= 17,
        CompressionCodec.Zstd => level is >= -131072 and <= 22,
        _ => level == 0,
    };

    /// <summary>
    /// Appends the decompressed bytes to <paramref name="destination"/>, which grows as they come and never past the power of
    /// two above <paramref name="bytesMax"/>, whatever the source promises.
    /// </summary>
    /// <returns>How many bytes.</returns>
    /// <exception cref="MalformedMessageException">The source is damaged, ends early, or holds more than <paramref name="bytesMax"/> bytes.</exception>
    /// <exception cref="NotSupportedException">The codec is not available, see <see cref="IsAvailable"/>.</exception>
    public static int Decompress(CompressionCodec codec, ReadOnlySpan<byte> source, PooledBuffer destination, int bytesMax)
    {
        var before = destination.Length;
        var output = new BoundedOutput(destination, bytesMax, source.Length);
        switch (codec)
        {
            case CompressionCodec.None:
                output.Write(source);
                break;
            case CompressionCodec.Gzip:
                GzipCodec.Decompress(source, ref output);
                break;
            case CompressionCodec.Snappy:
                SnappyCodec.Decompress(source, ref output);
                break;
            case CompressionCodec.Lz4:
                Lz4Codec.Decompress(source, ref output);
                break;
            case CompressionCodec.Zstd:
                ZstdCodec.Decompress(source, ref output);
                break;
            default:
                throw new MalformedMessageException($"compression codec {(int)codec} does not exist");
        }

        return destination.Length - before;
    }

    /// <summary>Appends the compressed bytes to <paramref name="destination"/>.</summary>
    /// <param name="level">See <see cref="IsLevel"/>; null for Kafka's default.</param>
    /// <returns>How many bytes.</returns>
    /// <exception cref="NotSupportedException">The codec is not available, see <see cref="IsAvailable"/>.</exception>
    public static int Compress(CompressionCodec codec, int? level, ReadOnlySpan<byte> source, PooledBuffer destination)
    {
        var before = destination.Length;
        var effective = level ?? DefaultLevel(codec);
        switch (codec)
        {
            case CompressionCodec.None:
                destination.Write(source);
                break;
            case CompressionCodec.Gzip:
                GzipCodec.Compress(source, effective, destination);
                break;
            case CompressionCodec.Snappy:
                SnappyCodec.Compress(source, destination);
                break;
            case CompressionCodec.Lz4:
                Lz4Codec.Compress(source, effective, destination);
                break;
            case CompressionCodec.Zstd:
                ZstdCodec.Compress(source, effective, destination);
                break;
            default:
                throw new NotSupportedException($"compression codec {(int)codec} does not exist");
        }

        return destination.Length - before;
    }
}
