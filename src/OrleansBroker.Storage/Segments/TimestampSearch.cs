using System.Buffers;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Appending;

namespace OrleansBroker.Storage.Segments;

/// <summary>Opens a batch to find the record of a timestamp.</summary>
internal static class TimestampSearch
{
    /// <summary>The first record from an offset on that is not older than a timestamp; null where the batch has none.</summary>
    public static TimestampedOffset? FindInBatch(Segment segment, in BatchLocation location, long timestampMs, long fromOffset)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(location.SizeBytes);
        try
        {
            var whole = bytes.AsSpan(0, location.SizeBytes);
            var read = segment.File.Read(location.Position, whole);
            var problem = RecordBatchView.TryParse(whole[..read], out var batch);
            if (problem != RecordBatchProblem.None || !batch.IsCrcValid())
            {
                throw BatchHeaderReader.Corrupt(segment.Path, location.Position, problem);
            }

            return Find(batch, timestampMs, fromOffset);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static TimestampedOffset? Find(RecordBatchView batch, long timestampMs, long fromOffset)
    {
        var epoch = new LeaderEpoch(batch.PartitionLeaderEpoch);
        if (batch.IsLogAppendTime)
        {
            return new TimestampedOffset(Math.Max(batch.BaseOffset, fromOffset), batch.MaxTimestamp, epoch);
        }

        using var scratch = new PooledBuffer();
        try
        {
            var records = RecordReader.Open(batch, scratch, RecordInspector.DecompressedBytesMax);
            while (records.TryRead(out var record))
            {
                var recordMs = batch.BaseTimestamp + record.TimestampDelta;
                if (recordMs >= timestampMs && batch.BaseOffset + record.OffsetDelta >= fromOffset)
                {
                    return new TimestampedOffset(batch.BaseOffset + record.OffsetDelta, recordMs, epoch);
                }
            }

            return null;
        }
        catch (Exception e) when (e is MalformedMessageException or NotSupportedException or OverflowException)
        {
            // The producer's own records: they are served as they are, so the batch's beginning is the best answer there is.
            return new TimestampedOffset(Math.Max(batch.BaseOffset, fromOffset), batch.MaxTimestamp, epoch);
        }
    }
}
