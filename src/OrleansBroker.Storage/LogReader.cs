using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage;

/// <summary>Reads a log, without its lock.</summary>
internal sealed class LogReader(PartitionLog log, PositionCache positions, ILogger logger)
{
    private string? _reportedProblem;

    public ReadResult Read(long offset, int bytesMax, long offsetLimit, bool atLeastOneBatch)
    {
        var logEndOffset = log.LogEndOffset;
        if (offset < log.LogStartOffset || offset > logEndOffset)
        {
            return ReadResult.Failed(ErrorCode.OffsetOutOfRange);
        }

        var limit = Math.Min(offsetLimit, logEndOffset);
        if (offset >= limit || (bytesMax <= 0 && !atLeastOneBatch))
        {
            return ReadResult.Empty;
        }

        try
        {
            return ReadSegments(offset, bytesMax, limit, atLeastOneBatch);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Report(e);
            return ReadResult.Failed(offset < log.LogStartOffset ? ErrorCode.OffsetOutOfRange : ErrorCode.KafkaStorageError);
        }
    }

    public TimestampedOffset? FindByTimestamp(long timestampMs, long offsetLimit)
    {
        var segments = log.CurrentSegments;
        var limit = Math.Min(offsetLimit, log.LogEndOffset);
        var from = log.LogStartOffset;
        for (var i = SegmentArray.Floor(segments, from); i < segments.Length; i++)
        {
            var segment = segments[i];
            if (segment.BaseOffset >= limit)
            {
                return null;
            }

            if (segment.LargestTimestampMs >= timestampMs && FindInSegment(segment, timestampMs, from) is { } found)
            {
                return found.Offset < limit ? found : null;
            }
        }

        return null;
    }

    public TimestampedOffset? FindMaxTimestamp()
    {
        var newest = log.CurrentSegments.MaxBy(segment => segment.LargestTimestampMs)!;
        var (timestampMs, offset) = newest.LargestTimestamp();
        return timestampMs >= 0 && newest.Find(offset, newest.SizeBytes) is { } batch
            ? TimestampSearch.FindInBatch(newest, batch, timestampMs, newest.BaseOffset)
            : null;
    }

    // A batch may hold the timestamp only before the log start offset, or only in its header: then the next one is asked.
    private static TimestampedOffset? FindInSegment(Segment segment, long timestampMs, long fromOffset)
    {
        var size = segment.SizeBytes;
        while (segment.FindTimestamp(timestampMs, fromOffset, size) is { } batch)
        {
            if (TimestampSearch.FindInBatch(segment, batch, timestampMs, fromOffset) is { } found)
            {
                return found;
            }

            fromOffset = batch.LastOffset + 1;
        }

        return null;
    }

    private ReadResult ReadSegments(long offset, int bytesMax, long limit, bool atLeastOneBatch)
    {
        var segments = log.CurrentSegments;
        if (offset < log.LogStartOffset)
        {
            // Removed since it was looked at: what follows must not pass for what was asked for.
            return ReadResult.Failed(ErrorCode.OffsetOutOfRange);
        }

        for (var i = SegmentArray.Floor(segments, offset); i < segments.Length && segments[i].BaseOffset < limit; i++)
        {
            var segment = segments[i];
            var end = EndPosition(segments, i, limit);
            if (!positions.TryGet(offset, segment, out var start))
            {
                start = segment.Find(offset, end)?.Position ?? end;
            }

            // A compacted segment may have nothing more behind the offset.
            if (start < end)
            {
                var offsetLimit = i + 1 < segments.Length ? segments[i + 1].BaseOffset : log.LogEndOffset;
                return Slice(segment, offsetLimit, start, end, bytesMax, atLeastOneBatch);
            }
        }

        return ReadResult.Empty;
    }

    private ReadResult Slice(Segment segment, long offsetLimit, int start, int end, int bytesMax, bool atLeastOneBatch)
    {
        if (end - start > bytesMax)
        {
            (end, var nextOffset) = segment.BoundaryWithin(start, bytesMax, end, atLeastOneBatch);
            if (nextOffset >= 0)
            {
                positions.NoteRead(nextOffset, segment, end);
            }
        }

        end = segment.GoodEnd(start, end, offsetLimit);
        return end > start ? new ReadResult(ErrorCode.None, new RecordSet(segment.File, start, end - start)) : ReadResult.Empty;
    }

    // Of the batches below the limit. A segment with a successor is full; only the last one may hold more than the limit allows.
    private int EndPosition(Segment[] segments, int index, long limit)
    {
        var segment = segments[index];
        if (index + 1 < segments.Length && segments[index + 1].BaseOffset <= limit)
        {
            return (int)segment.SizeBytes;
        }

        // Looked at once: it grows, and before the log end offset does.
        var size = (int)segment.SizeBytes;
        return positions.TryGet(limit, segment, out var position) ? position : segment.Find(limit, size)?.Position ?? size;
    }

    // A consumer asks again and again: what is the same is said once.
    private void Report(Exception exception)
    {
        if (Interlocked.Exchange(ref _reportedProblem, exception.Message) == exception.Message)
        {
            return;
        }

        if (exception is CorruptSegmentException)
        {
            StorageLog.CorruptionFound(logger, log.Partition, exception.Message);
        }
        else
        {
            StorageLog.ReadFailed(logger, log.Partition, exception.Message, exception);
        }
    }
}
