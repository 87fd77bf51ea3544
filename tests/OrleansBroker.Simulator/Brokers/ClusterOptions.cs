using OrleansBroker.Core.Configuration;

namespace OrleansBroker.Simulator.Brokers;

/// <summary>What the simulated cluster is set to.</summary>
internal sealed record ClusterOptions
{
    public int Brokers { get; init; } = 3;

    /// <summary>replica.lag.time.max.ms</summary>
    public int ReplicaLagMs { get; init; } = 4_000;

    /// <summary>offsets.topic.num.partitions</summary>
    public int OffsetsPartitions { get; init; } = 3;

    /// <summary>Whether what is acknowledged has been flushed (log.flush.interval.messages 1).</summary>
    public bool IsFlushed { get; init; }

    /// <summary>How often high watermarks and recovery points are written, in milliseconds.</summary>
    public int CheckpointMs { get; init; } = 5_000;

    /// <summary>auto.rebalance.mode</summary>
    public string RebalanceMode { get; init; } = RebalanceModes.NewBrokers;

    /// <summary>auto.rebalance.delay.ms</summary>
    public int RebalanceDelayMs { get; init; } = 10_000;

    /// <summary>auto.rebalance.concurrent.moves</summary>
    public int RebalanceMoves { get; init; } = 3;

    /// <summary>auto.rebalance.throttled.rate, in bytes a second.</summary>
    public int RebalanceRate { get; init; } = 1 << 20;

    /// <summary>The settings of one broker, by Kafka's names.</summary>
    public Dictionary<string, string> SettingsOf(int broker) => new()
    {
        ["node.id"] = $"{broker}",
        ["listeners"] = "PLAINTEXT://127.0.0.1:9092",
        ["broker.rack"] = $"rack-{broker}",
        ["default.replication.factor"] = $"{Math.Min(3, Brokers)}",
        ["min.insync.replicas"] = Brokers >= 3 ? "2" : "1",
        ["auto.create.topics.enable"] = "false",
        ["offsets.topic.num.partitions"] = $"{OffsetsPartitions}",
        ["offsets.topic.segment.bytes"] = "65536",
        ["log.index.size.max.bytes"] = "8192",
        ["log.index.interval.bytes"] = "256",
        ["log.cleaner.enable"] = "false",
        ["log.flush.offset.checkpoint.interval.ms"] = $"{CheckpointMs}",
        ["log.flush.interval.messages"] = IsFlushed ? "1" : $"{long.MaxValue}",
        ["num.recovery.threads.per.data.dir"] = "1",
        ["replica.lag.time.max.ms"] = $"{ReplicaLagMs}",
        ["replica.fetch.backoff.ms"] = "200",
        ["replica.socket.timeout.ms"] = "4000",
        ["group.initial.rebalance.delay.ms"] = "300",
        ["auto.rebalance.mode"] = RebalanceMode,
        ["auto.rebalance.delay.ms"] = $"{RebalanceDelayMs}",
        ["auto.rebalance.concurrent.moves"] = $"{RebalanceMoves}",
        ["auto.rebalance.throttled.rate"] = $"{RebalanceRate}",
        ["leader.imbalance.check.interval.seconds"] = "15",
    };
}
