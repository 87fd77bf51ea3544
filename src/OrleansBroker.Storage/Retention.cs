using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage;

/// <summary>How many of the oldest segments have to go, by each of the reasons there are.</summary>
internal static class Retention
{
    /// <summary>For all reasons together.</summary>
    public static int Due(Segment[] segments, LogConfig config, long logStartOffset, long highWatermark, long logEndOffset, long nowMs)
    {
        var below = BelowLogStartOffset(segments, logStartOffset);
        return config.Delete
            ? Math.Max(below, Math.Min(Math.Max(OverSize(segments, config), TooOld(segments, config, nowMs)), BelowHighWatermark(segments, highWatermark, logEndOffset)))
            : below;
    }

    /// <summary>Those all of whose records lie below the log start offset.</summary>
    public static int BelowLogStartOffset(Segment[] segments, long logStartOffset)
    {
        var count = 0;
        while (count + 1 < segments.Length && segments[count + 1].BaseOffset <= logStartOffset)
        {
            count++;
        }

        return count;
    }

    /// <summary>Those that are over retention.bytes; what stays is never less than that.</summary>
    private static int OverSize(Segment[] segments, LogConfig config)
    {
        var over = config.RetentionBytes < 0 ? -1 : SegmentArray.SizeBytes(segments) - config.RetentionBytes;
        var count = 0;
        while (over >= 0 && count < segments.Length && segments[count].SizeBytes <= over && !IsEmptyLast(segments, count))
        {
            over -= segments[count++].SizeBytes;
        }

        return count;
    }

    /// <summary>Those whose newest record is older than retention.ms.</summary>
    private static int TooOld(Segment[] segments, LogConfig config, long nowMs)
    {
        var count = 0;
        while (config.RetentionMs >= 0 && count < segments.Length && !IsEmptyLast(segments, count) && IsTooOld(segments[count], config, nowMs))
        {
            count++;
        }

        return count;
    }

    /// <summary>Those that may go at all: the log start offset never passes the high watermark.</summary>
    private static int BelowHighWatermark(Segment[] segments, long highWatermark, long logEndOffset)
    {
        var count = 0;
        while (count < segments.Length && (count + 1 < segments.Length ? segments[count + 1].BaseOffset : logEndOffset) <= highWatermark)
        {
            count++;
        }

        return count;
    }

    private static bool IsEmptyLast(Segment[] segments, int index) => index == segments.Length - 1 && segments[index].SizeBytes == 0;

    private static bool IsTooOld(Segment segment, LogConfig config, long nowMs)
    {
        var newestMs = segment.LargestTimestampMs;
        return nowMs - (newestMs >= 0 ? newestMs : segment.OpenedMs) > config.RetentionMs;
    }
}
