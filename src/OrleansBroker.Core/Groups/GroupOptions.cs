using OrleansBroker.Core.Configuration;

namespace OrleansBroker.Core.Groups;

/// <summary>The limits and times of the group coordinator, each with Kafka's name for it and Kafka's default.</summary>
public sealed record GroupOptions
{
    /// <summary><c>group.min.session.timeout.ms</c>: below it, heartbeats would cost more than they tell.</summary>
    public int SessionTimeoutMsMin { get; init; } = 6_000;

    /// <summary><c>group.max.session.timeout.ms</c>: above it, a dead member would hold its partitions too long.</summary>
    public int SessionTimeoutMsMax { get; init; } = 1_800_000;

    /// <summary><c>group.initial.rebalance.delay.ms</c>: how long an empty group waits for more members after each that joins, up to the rebalance timeout.</summary>
    public int InitialRebalanceDelayMs { get; init; } = 3_000;

    /// <summary><c>group.max.size</c>: members in one group.</summary>
    public int SizeMax { get; init; } = int.MaxValue;

    /// <summary><c>offset.metadata.max.bytes</c>: text that a consumer may keep with an offset, in characters as Kafka counts it.</summary>
    public int OffsetMetadataMax { get; init; } = 4_096;

    /// <summary><c>offsets.retention.minutes</c>: how long offsets are kept once nobody uses them (KIP-211).</summary>
    public long OffsetsRetentionMs { get; init; } = 7L * 24 * 60 * 60_000;

    /// <summary><c>offsets.retention.check.interval.ms</c>: how often expired offsets are looked for.</summary>
    public long OffsetsRetentionCheckIntervalMs { get; init; } = 600_000;

    /// <summary><c>offsets.commit.timeout.ms</c>: how long an answer may wait until all in-sync replicas have what it rests on.</summary>
    public int CommitTimeoutMs { get; init; } = 5_000;

    /// <summary><c>max.message.bytes</c> of the topic: a group whose metadata does not fit one record cannot be committed.</summary>
    public int RecordBytesMax { get; init; } = 1_000_000;

    /// <summary>
    /// A member that has not got its id yet cannot send heartbeats: this long it may wait in its first join. It has no name
    /// in Kafka's configuration, but this value.
    /// </summary>
    public int NewMemberJoinTimeoutMs { get; init; } = 5 * 60_000;

    public static GroupOptions From(BrokerConfig config) => new()
    {
        SessionTimeoutMsMin = config.GroupMinSessionTimeoutMs,
        SessionTimeoutMsMax = config.GroupMaxSessionTimeoutMs,
        InitialRebalanceDelayMs = config.GroupInitialRebalanceDelayMs,
        SizeMax = config.GroupMaxSize,
        OffsetMetadataMax = config.OffsetMetadataMaxBytes,
        CommitTimeoutMs = config.OffsetsCommitTimeoutMs,
        OffsetsRetentionMs = config.OffsetsRetentionMinutes * 60_000L,
        OffsetsRetentionCheckIntervalMs = config.OffsetsRetentionCheckIntervalMs,
    };
}
