using OrleansBroker.Client.Connections;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client.Consuming;

/// <summary>Record batches of one partition, as they were fetched, and how far the application has read them.</summary>
internal sealed class FetchedPart(PartitionFetch partition, int version, ResponseFrame frame, ReadOnlyMemory<byte> batches, long fromOffset) : IDisposable
{
    private PooledBuffer? _decompressed;

    public PartitionFetch Partition => partition;

    public int Version => version;

    public ReadOnlyMemory<byte> Batches => batches;

    /// <summary>Earlier records of the first batch were not asked for.</summary>
    public long NextOffset { get; set; } = fromOffset;

    /// <summary>Where the batch that is being read begins.</summary>
    public int BatchAt { get; set; }

    /// <summary>The records of that batch, not compressed; null before it is opened.</summary>
    public ReadOnlyMemory<byte>? Records { get; set; }

    public int RecordsAt { get; set; }

    public int RecordsLeft { get; set; }

    /// <summary>To decompress into, once for all batches of the part.</summary>
    public PooledBuffer Decompressed => _decompressed ??= new PooledBuffer();

    public void Dispose()
    {
        _decompressed?.Dispose();
        frame.Dispose();
    }
}
