using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage.Cleaning;

/// <summary>Opens batches for the cleaner, one at a time in the same memory, and refuses those whose records are not what the header says.</summary>
internal sealed class BatchOpener(int decompressedBytesMax) : IDisposable
{
    private readonly PooledBuffer _scratch = new();

    /// <summary>The records of the batch, valid until the next call; <see cref="MalformedMessageException"/> where they cannot be decompressed.</summary>
    public RecordReader Open(RecordBatchView batch)
    {
        if (!RecordCompression.IsAvailable(batch.Compression))
        {
            throw new MalformedMessageException($"no library for {batch.Compression} on this machine");
        }

        return RecordReader.Open(batch, _scratch, decompressedBytesMax);
    }

    /// <summary>The next record's offset is checked: within the batch, and after <paramref name="lastDelta"/>.</summary>
    public static bool TryRead(ref RecordReader reader, RecordBatchView batch, ref int lastDelta, out RecordView record)
    {
        if (!reader.TryRead(out record))
        {
            return false;
        }

        if (record.OffsetDelta <= lastDelta || record.OffsetDelta > batch.LastOffsetDelta)
        {
            throw new MalformedMessageException($"record {record.OffsetDelta} after {lastDelta} in a batch of {batch.LastOffsetDelta + 1} offsets");
        }

        lastDelta = record.OffsetDelta;
        return true;
    }

    public static CorruptSegmentException Corrupt(Segment segment, RecordBatchView batch, MalformedMessageException e) =>
        new($"{segment.Path} has a batch at offset {batch.BaseOffset} whose records cannot be read: {e.Message}", e);

    /// <summary>Gives back the memory.</summary>
    public void Dispose() => _scratch.Dispose();
}
