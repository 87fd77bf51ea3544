using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage.Cleaning;

/// <summary>
/// What of a log could be compacted now:
/// <code>
///  log start          first dirty              first uncleanable           log end
///  |---- clean -------|------- dirty ----------|---- left alone -----------|
///                     last run ended here      high watermark, active segment, segments younger than the lag
/// </code>
/// First uncleanable is the base offset of a segment.
/// </summary>
internal readonly record struct CleanableRange(long FirstDirty, long FirstUncleanable, long CleanBytes, long DirtyBytes, bool IsOverdue)
{
    public double DirtyRatio => DirtyBytes == 0 ? 0 : (double)DirtyBytes / (CleanBytes + DirtyBytes);

    /// <param name="checkpoint">Where the last run ended; null where there was none.</param>
    public static CleanableRange Of(PartitionLog log, long? checkpoint, long nowMs)
    {
        var segments = log.CurrentSegments;
        var config = log.Config;
        var firstDirty = FirstDirtyOffset(log, checkpoint);
        var cleanable = segments.AsSpan(0, CountCleanable(segments, firstDirty, log.HighWatermark, config.MinCompactionLagMs > 0 ? nowMs - config.MinCompactionLagMs : long.MaxValue));
        long cleanBytes = 0, dirtyBytes = 0;
        var overdue = false;
        var end = firstDirty;
        for (var i = 0; i < cleanable.Length; i++)
        {
            end = segments[i + 1].BaseOffset;
            if (end <= firstDirty)
            {
                cleanBytes += cleanable[i].SizeBytes;
            }
            else
            {
                dirtyBytes += cleanable[i].SizeBytes;
                overdue |= IsOverdueAt(cleanable[i], config, nowMs);
            }
        }

        return new CleanableRange(firstDirty, Math.Max(end, firstDirty), cleanBytes, dirtyBytes, overdue);
    }

    /// <summary>A checkpoint outside the log is of another log, or of more than is left of this one: all counts as dirty.</summary>
    private static long FirstDirtyOffset(PartitionLog log, long? checkpoint) =>
        checkpoint is { } offset && offset >= log.LogStartOffset && offset <= log.LogEndOffset ? offset : log.LogStartOffset;

    /// <summary>How many segments from the first on lie wholly below all limits.</summary>
    private static int CountCleanable(Segment[] segments, long firstDirty, long highWatermark, long youngestMs)
    {
        var count = 0;
        while (count + 1 < segments.Length)
        {
            var nextBase = segments[count + 1].BaseOffset;
            var tooYoung = nextBase > firstDirty && segments[count].LargestTimestampMs > youngestMs;
            if (nextBase > highWatermark || tooYoung)
            {
                break;
            }

            count++;
        }

        return count;
    }

    private static bool IsOverdueAt(Segment segment, LogConfig config, long nowMs)
    {
        // Without the lag there is no need to read the segment.
        return config.MaxCompactionLagMs < nowMs && segment.LoadFirstTimestamp() is > 0 and var first && first < nowMs - config.MaxCompactionLagMs;
    }
}
