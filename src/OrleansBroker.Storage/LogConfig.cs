using OrleansBroker.Protocol;

namespace OrleansBroker.Storage;

/// <summary>A topic's effective configuration as far as its logs need it, with Kafka's defaults.</summary>
public sealed record LogConfig
{
    public int SegmentBytes { get; init; } = 1 << 30;
    public long SegmentMs { get; init; } = 7 * 86_400_000L;
    public long SegmentJitterMs { get; init; }
    public int SegmentIndexBytes { get; init; } = 10 << 20;
    public int IndexIntervalBytes { get; init; } = 4096;
    public long RetentionBytes { get; init; } = -1;
    public long RetentionMs { get; init; } = 7 * 86_400_000L;
    public bool Compact { get; init; }
    public bool Delete { get; init; } = true;
    public long DeleteRetentionMs { get; init; } = 86_400_000;
    public long MinCompactionLagMs { get; init; }
    public long MaxCompactionLagMs { get; init; } = long.MaxValue;
    public double MinCleanableDirtyRatio { get; init; } = 0.5;
    public long FileDeleteDelayMs { get; init; } = 60_000;
    public int MaxMessageBytes { get; init; } = 1_048_588;
    public long FlushMessages { get; init; } = long.MaxValue;
    public long FlushMs { get; init; } = long.MaxValue;
    public bool LogAppendTime { get; init; }
    public long TimestampBeforeMaxMs { get; init; } = long.MaxValue;
    public long TimestampAfterMaxMs { get; init; } = 3_600_000;
    public CompressionCodec? Compression { get; init; }
    public int? CompressionLevel { get; init; }
    public bool Preallocate { get; init; }
    public long ProducerIdExpirationMs { get; init; } = 86_400_000;
}
