using OrleansBroker.Protocol;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage.Appending;

/// <summary>When a log goes on in a new segment.</summary>
internal static class Rolling
{
    public static bool IsDue(Segment active, TopicPartition partition, LogConfig config, int bytes, in AppendPlan plan, long nowMs) =>
        active.SizeBytes > config.SegmentBytes - bytes
        || !active.HasRoomFor(plan.LastOffset)
        || (active.SizeBytes > 0 && IsOldEnough(active, partition, config, nowMs, plan.MaxTimestampMs))
        || active.IsIndexFull(config);

    /// <summary>Time counts from the first batch's timestamp to the newest one's; where there are none, from when the segment was opened.</summary>
    public static bool IsOldEnough(Segment active, TopicPartition partition, LogConfig config, long nowMs, long newestMs)
    {
        var waitedMs = active.LoadFirstTimestamp() is { } first and >= 0 ? newestMs - first : nowMs - active.OpenedMs;
        return waitedMs > config.RollMs - JitterMs(active, partition, config);
    }

    // The same for a segment whenever it is asked for, and different from log to log.
    private static long JitterMs(Segment active, TopicPartition partition, LogConfig config)
    {
        var jitterMs = Math.Min(config.SegmentJitterMs, config.RollMs);
        if (jitterMs <= 0)
        {
            return 0;
        }

        var mixed = 17UL;
        foreach (var letter in partition.Topic)
        {
            mixed = unchecked((mixed * 31) + letter);
        }

        mixed = unchecked(((mixed * 31) + (ulong)partition.Partition) * 31) ^ (ulong)active.BaseOffset;
        return (long)(unchecked(mixed * 0x9E3779B97F4A7C15UL) % (ulong)jitterMs);
    }
}
