using OrleansBroker.Protocol;

namespace OrleansBroker.Storage;

/// <summary>What the log needs of a topic's effective configuration. Names and defaults are Kafka's topic configurations.</summary>
public sealed record LogConfig
{
    public static readonly LogConfig Default = new();

    /// <summary>segment.bytes: a segment is rolled before it grows beyond this.</summary>
    public int SegmentBytes { get; init; } = 1 << 30;

    /// <summary>segment.ms: a segment whose first batch is this old is rolled.</summary>
    public long SegmentMs { get; init; } = 7L * 24 * 3600 * 1000;

    /// <summary>segment.jitter.ms: up to this much is taken off segment.ms, so that not all segments roll at once.</summary>
    public long SegmentJitterMs { get; init; }

    /// <summary>segment.index.bytes: the most that an index may grow to; a segment with a full index is rolled.</summary>
    public int SegmentIndexBytes { get; init; } = 10 << 20;

    /// <summary>index.interval.bytes: at least so many bytes of the segment lie between two index entries.</summary>
    public int IndexIntervalBytes { get; init; } = 4096;

    /// <summary>retention.bytes: -1 for no limit.</summary>
    public long RetentionBytes { get; init; } = -1;

    /// <summary>retention.ms: -1 for no limit.</summary>
    public long RetentionMs { get; init; } = 7L * 24 * 3600 * 1000;

    /// <summary>cleanup.policy has <c>compact</c>.</summary>
    public bool Compact { get; init; }

    /// <summary>cleanup.policy has <c>delete</c>.</summary>
    public bool Delete { get; init; } = true;

    /// <summary>delete.retention.ms: how long tombstones stay after compaction met them.</summary>
    public long DeleteRetentionMs { get; init; } = 24L * 3600 * 1000;

    /// <summary>min.compaction.lag.ms</summary>
    public long MinCompactionLagMs { get; init; }

    /// <summary>max.compaction.lag.ms</summary>
    public long MaxCompactionLagMs { get; init; } = long.MaxValue;

    /// <summary>min.cleanable.dirty.ratio</summary>
    public double MinCleanableDirtyRatio { get; init; } = 0.5;

    /// <summary>file.delete.delay.ms: how long files of deleted segments stay, for fetches that still send them.</summary>
    public long FileDeleteDelayMs { get; init; } = 60_000;

    /// <summary>max.message.bytes: the biggest batch.</summary>
    public int MaxMessageBytes { get; init; } = 1_048_588;

    /// <summary>flush.messages: an append that leaves so many records unflushed asks for a flush.</summary>
    public long FlushMessages { get; init; } = long.MaxValue;

    /// <summary>flush.ms: for whoever flushes; the log has no clock.</summary>
    public long FlushMs { get; init; } = long.MaxValue;

    /// <summary>message.timestamp.type is <c>LogAppendTime</c>.</summary>
    public bool LogAppendTime { get; init; }

    /// <summary>message.timestamp.before.max.ms</summary>
    public long TimestampBeforeMaxMs { get; init; } = long.MaxValue;

    /// <summary>message.timestamp.after.max.ms</summary>
    public long TimestampAfterMaxMs { get; init; } = 3_600_000;

    /// <summary>compression.type; null is <c>producer</c>: batches stay as they came.</summary>
    public CompressionCodec? Compression { get; init; }

    /// <summary>compression.gzip.level, compression.lz4.level or compression.zstd.level; null is the codec's default.</summary>
    public int? CompressionLevel { get; init; }

    /// <summary>preallocate: the active segment's file has its full size from the start.</summary>
    public bool Preallocate { get; init; }

    /// <summary>producer.id.expiration.ms: a producer that wrote nothing for so long is forgotten.</summary>
    public long ProducerIdExpirationMs { get; init; } = 86_400_000;

    /// <summary>A compacted log rolls in time for its records to be compacted within max.compaction.lag.ms.</summary>
    internal long RollMs => Compact ? Math.Min(SegmentMs, MaxCompactionLagMs) : SegmentMs;
}
