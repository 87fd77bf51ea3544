using System.Runtime.InteropServices;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage;

namespace OrleansBroker.Core.Replication.Fetching;

/// <summary>Appends what a leader sent for one partition, with one write where that fits into a segment.</summary>
internal static class ReplicatedRecords
{
    /// <param name="leaderStart">Where the leader's log begins.</param>
    public static AppendResult Append(FollowedPartition followed, in RecordSet records, long leaderStart, long nowMs)
    {
        if (records.Source is null)
        {
            return Append(followed, MemoryMarshal.AsMemory(records.Memory).Span, leaderStart, nowMs);
        }

        using var copy = new PooledBuffer(records.Length);
        records.CopyTo(copy.GetSpan(records.Length));
        copy.Advance(records.Length);
        return Append(followed, copy.Span, leaderStart, nowMs);
    }

    private static AppendResult Append(FollowedPartition followed, Span<byte> batches, long leaderStart, long nowMs)
    {
        if (BeginsBefore(followed.Partition.Log, batches, leaderStart, out var baseOffset))
        {
            followed.Partition.Log.TryStartAnewAt(baseOffset, followed.Epoch, nowMs);
        }

        var segmentBytes = followed.Partition.Log.Config.SegmentBytes;
        var flushDue = false;
        while (true)
        {
            var length = batches.Length <= segmentBytes ? batches.Length : LengthWithin(batches, segmentBytes);
            var result = followed.Partition.AppendReplicated(batches[..length], followed.Epoch, nowMs);
            flushDue |= result.FlushDue;
            batches = batches[length..];
            if (result.Error != ErrorCode.None || batches.IsEmpty)
            {
                return result with { FlushDue = flushDue };
            }
        }
    }

    /// <summary>
    /// An empty log begins where the leader's does, which may be inside of a batch, where records were deleted: the batch comes whole,
    /// and the log begins with it. So does one that was cut inside of the leader's first batch, whose epochs do not tell any more what
    /// came before it: what this log has there may be another history, and the leader has deleted it.
    /// </summary>
    private static bool BeginsBefore(PartitionLog log, ReadOnlySpan<byte> batches, long leaderStart, out long baseOffset)
    {
        baseOffset = -1;
        if (RecordBatchView.TryParse(batches, out var batch) != RecordBatchProblem.None || (log.LogStartOffset != log.LogEndOffset && batch.BaseOffset > leaderStart))
        {
            return false;
        }

        baseOffset = batch.BaseOffset;
        return batch.BaseOffset < log.LogEndOffset && batch.LastOffset >= log.LogEndOffset;
    }

    /// <summary>The length of the first batches that fit, or of the first one; of everything where that is no batch, for the log to refuse.</summary>
    private static int LengthWithin(ReadOnlySpan<byte> batches, int bytesMax)
    {
        var length = 0;
        while (length < batches.Length)
        {
            if (RecordBatchView.TryParse(batches[length..], out var batch) != RecordBatchProblem.None)
            {
                return length > 0 ? length : batches.Length;
            }

            if (length > 0 && length + batch.SizeBytes > bytesMax)
            {
                return length;
            }

            length += batch.SizeBytes;
        }

        return length;
    }
}
