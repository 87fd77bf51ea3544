namespace OrleansBroker.Protocol;

/// <summary>How the records of a batch are compressed; the value is what stands in the batch's attributes.</summary>
public enum CompressionCodec
{
    None = 0,
    Gzip = 1,
    Snappy = 2,
    Lz4 = 3,
    Zstd = 4,
}
