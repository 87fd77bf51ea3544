using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using OrleansBroker.Protocol;
using OrleansBroker.Storage;

namespace OrleansBroker.Core.Configuration;

/// <summary>
/// A broker's configuration, immutable. What was given at start lies under what was altered while running; a change makes a
/// new one, which <see cref="BrokerConfigCache"/> hands out.
/// </summary>
public sealed class BrokerConfig
{
    /// <summary>The configuration of one broker that says that it is to leave the cluster for good.</summary>
    public const string DecommissionName = "broker.decommission";

    private static readonly FrozenDictionary<string, string> Nothing = FrozenDictionary<string, string>.Empty;

    private readonly BrokerConfigValues _values;

    private BrokerConfig(BrokerConfigValues values)
    {
        _values = values;
        TopicDefaults = TopicConfigTable.Table.All.ToFrozenDictionary(topic => topic.Name, topic => DefaultOf(topic, values)!, StringComparer.Ordinal);
        UnknownNames = [.. AtStart.Keys.Where(name => BrokerConfigTable.Table.Find(name) is null).Order(StringComparer.Ordinal)];

        Broker = new BrokerId((int)(values.Get("node.id") ?? values.Get("broker.id") ?? 0));
        Rack = (string?)values.Get("broker.rack");
        Listeners = Get<string>("listeners");
        AdvertisedListeners = (string?)values.Get("advertised.listeners");
        LogDirectory = (string?)(values.Get("log.dirs") ?? values.Get("log.dir"));

        AutoCreateTopicsEnable = Get<bool>("auto.create.topics.enable");
        DeleteTopicEnable = Get<bool>("delete.topic.enable");
        NumPartitions = Get<int>("num.partitions");
        DefaultReplicationFactor = Get<int>("default.replication.factor");
        MaxRequestPartitionSizeLimit = Get<int>("max.request.partition.size.limit");

        AutoLeaderRebalanceEnable = Get<bool>("auto.leader.rebalance.enable");
        LeaderImbalanceCheckIntervalSeconds = Get<int>("leader.imbalance.check.interval.seconds");
        LeaderImbalancePerBrokerPercentage = Get<int>("leader.imbalance.per.broker.percentage");
        LeaderReplicationThrottledRate = Get<long>("leader.replication.throttled.rate");
        FollowerReplicationThrottledRate = Get<long>("follower.replication.throttled.rate");

        AutoRebalanceMode = Get<string>("auto.rebalance.mode");
        AutoRebalanceConcurrentMoves = Get<int>("auto.rebalance.concurrent.moves");
        AutoRebalanceThrottledRate = Get<long>("auto.rebalance.throttled.rate");
        AutoRebalanceDelayMs = Get<long>("auto.rebalance.delay.ms");
        BrokerDecommission = Get<bool>(DecommissionName);

        LogRetentionCheckIntervalMs = Get<long>("log.retention.check.interval.ms");
        LogFlushOffsetCheckpointIntervalMs = Get<int>("log.flush.offset.checkpoint.interval.ms");
        NumRecoveryThreadsPerDataDir = Get<int>("num.recovery.threads.per.data.dir");
        LogCleanerEnable = Get<bool>("log.cleaner.enable");
        LogCleanerBackoffMs = Get<long>("log.cleaner.backoff.ms");
        LogCleanerDedupeBufferSize = Get<long>("log.cleaner.dedupe.buffer.size");
        LogCleanerIoBufferSize = Get<int>("log.cleaner.io.buffer.size");
        LogCleanerIoBufferLoadFactor = Get<double>("log.cleaner.io.buffer.load.factor");
        LogCleanerIoMaxBytesPerSecond = Get<double>("log.cleaner.io.max.bytes.per.second");

        ReplicaLagTimeMaxMs = Get<long>("replica.lag.time.max.ms");
        ReplicaFetchBackoffMs = Get<int>("replica.fetch.backoff.ms");
        ReplicaFetchMaxBytes = Get<int>("replica.fetch.max.bytes");
        ReplicaFetchMinBytes = Get<int>("replica.fetch.min.bytes");
        ReplicaFetchResponseMaxBytes = Get<int>("replica.fetch.response.max.bytes");
        ReplicaFetchWaitMaxMs = Get<int>("replica.fetch.wait.max.ms");
        ReplicaSelectorClass = Get<string>("replica.selector.class");
        ReplicaSocketTimeoutMs = Get<int>("replica.socket.timeout.ms");

        ProducerIdExpirationMs = Get<int>("producer.id.expiration.ms");

        GroupInitialRebalanceDelayMs = Get<int>("group.initial.rebalance.delay.ms");
        GroupMaxSessionTimeoutMs = Get<int>("group.max.session.timeout.ms");
        GroupMaxSize = Get<int>("group.max.size");
        GroupMinSessionTimeoutMs = Get<int>("group.min.session.timeout.ms");
        OffsetMetadataMaxBytes = Get<int>("offset.metadata.max.bytes");
        OffsetsCommitTimeoutMs = Get<int>("offsets.commit.timeout.ms");
        OffsetsRetentionCheckIntervalMs = Get<long>("offsets.retention.check.interval.ms");
        OffsetsRetentionMinutes = Get<int>("offsets.retention.minutes");
        OffsetsTopicCompressionCodec = (CompressionCodec)Get<int>("offsets.topic.compression.codec");
        OffsetsTopicNumPartitions = Get<int>("offsets.topic.num.partitions");
        OffsetsTopicReplicationFactor = Get<short>("offsets.topic.replication.factor");
        OffsetsTopicSegmentBytes = Get<int>("offsets.topic.segment.bytes");

        ConnectionsMaxIdleMs = Get<long>("connections.max.idle.ms");
        MaxConnections = Get<int>("max.connections");
        MaxConnectionsPerIp = Get<int>("max.connections.per.ip");
        QueuedMaxRequestBytes = Get<long>("queued.max.request.bytes");
        SocketListenBacklogSize = Get<int>("socket.listen.backlog.size");
        SocketReceiveBufferBytes = Get<int>("socket.receive.buffer.bytes");
        SocketRequestMaxBytes = Get<int>("socket.request.max.bytes");
        SocketSendBufferBytes = Get<int>("socket.send.buffer.bytes");
        FetchMaxBytes = Get<int>("fetch.max.bytes");
        MaxIncrementalFetchSessionCacheSlots = Get<int>("max.incremental.fetch.session.cache.slots");

        // Last: it reads what stands above.
        DefaultLogConfig = TopicConfigs.ToLogConfig(Nothing, this);
    }

    /// <summary>Nothing set.</summary>
    public static BrokerConfig Default { get; } = TryCreate(Nothing, out var config, out _) ? config : throw new InvalidOperationException("Kafka's defaults are refused");

    /// <summary>Names that this broker does not know; they have no effect, and are worth a warning.</summary>
    public IReadOnlyList<string> UnknownNames { get; }

    /// <summary>What was given at start, as it was given.</summary>
    public IReadOnlyDictionary<string, string> AtStart => _values.Texts(ConfigSource.StaticBroker);

    /// <summary>What was altered while running, as it was given: <see cref="ConfigSource.DynamicBroker"/> or <see cref="ConfigSource.DynamicDefaultBroker"/>.</summary>
    public IReadOnlyDictionary<string, string> Altered(ConfigSource source) => _values.Texts(source);

    /// <summary>What a topic gets that overrides nothing; one instance, so that ten thousand topics share it.</summary>
    public LogConfig DefaultLogConfig { get; }

    /// <summary>For each topic configuration the parsed value of a topic that does not override it; null where there is none.</summary>
    internal FrozenDictionary<string, object> TopicDefaults { get; }

    public BrokerId Broker { get; }
    public string? Rack { get; }
    public string Listeners { get; }
    public string? AdvertisedListeners { get; }
    public string? LogDirectory { get; }

    public bool AutoCreateTopicsEnable { get; }
    public bool DeleteTopicEnable { get; }
    public int NumPartitions { get; }
    public int DefaultReplicationFactor { get; }

    /// <summary>How many replicas a topic gets where its creator does not say: what is configured, or as many as brokers live, three at most.</summary>
    public int DefaultReplicationFactorAmong(int brokers) =>
        Layers("default.replication.factor").First().Source == ConfigSource.Default ? Math.Min(3, brokers) : DefaultReplicationFactor;

    public int MaxRequestPartitionSizeLimit { get; }

    public bool AutoLeaderRebalanceEnable { get; }
    public int LeaderImbalanceCheckIntervalSeconds { get; }
    public int LeaderImbalancePerBrokerPercentage { get; }
    public long LeaderReplicationThrottledRate { get; }
    public long FollowerReplicationThrottledRate { get; }

    public string AutoRebalanceMode { get; }
    public int AutoRebalanceConcurrentMoves { get; }
    public long AutoRebalanceThrottledRate { get; }
    public long AutoRebalanceDelayMs { get; }
    public bool BrokerDecommission { get; }

    public long LogRetentionCheckIntervalMs { get; }
    public int LogFlushOffsetCheckpointIntervalMs { get; }
    public int NumRecoveryThreadsPerDataDir { get; }
    public bool LogCleanerEnable { get; }
    public long LogCleanerBackoffMs { get; }
    public long LogCleanerDedupeBufferSize { get; }
    public int LogCleanerIoBufferSize { get; }
    public double LogCleanerIoBufferLoadFactor { get; }
    public double LogCleanerIoMaxBytesPerSecond { get; }

    public long ReplicaLagTimeMaxMs { get; }
    public int ReplicaFetchBackoffMs { get; }
    public int ReplicaFetchMaxBytes { get; }
    public int ReplicaFetchMinBytes { get; }
    public int ReplicaFetchResponseMaxBytes { get; }
    public int ReplicaFetchWaitMaxMs { get; }
    public string ReplicaSelectorClass { get; }
    public int ReplicaSocketTimeoutMs { get; }

    public int ProducerIdExpirationMs { get; }

    public int GroupInitialRebalanceDelayMs { get; }
    public int GroupMaxSessionTimeoutMs { get; }
    public int GroupMaxSize { get; }
    public int GroupMinSessionTimeoutMs { get; }
    public int OffsetMetadataMaxBytes { get; }
    public int OffsetsCommitTimeoutMs { get; }
    public long OffsetsRetentionCheckIntervalMs { get; }
    public int OffsetsRetentionMinutes { get; }
    public CompressionCodec OffsetsTopicCompressionCodec { get; }
    public int OffsetsTopicNumPartitions { get; }
    public short OffsetsTopicReplicationFactor { get; }
    public int OffsetsTopicSegmentBytes { get; }

    public long ConnectionsMaxIdleMs { get; }
    public int MaxConnections { get; }
    public int MaxConnectionsPerIp { get; }
    public long QueuedMaxRequestBytes { get; }
    public int SocketListenBacklogSize { get; }
    public int SocketReceiveBufferBytes { get; }
    public int SocketRequestMaxBytes { get; }
    public int SocketSendBufferBytes { get; }
    public int FetchMaxBytes { get; }
    public int MaxIncrementalFetchSessionCacheSlots { get; }

    /// <summary>Reads what was given at start. Of a name given twice the last counts. A bad value is a problem, an unknown name is not.</summary>
    public static bool TryCreate(IEnumerable<KeyValuePair<string, string>> values, [NotNullWhen(true)] out BrokerConfig? config, out IReadOnlyList<ConfigProblem> problems)
    {
        var atStart = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, text) in values)
        {
            atStart[name] = text;
        }

        return TryCreate(Nothing, Nothing, atStart, out config, out problems);
    }

    /// <summary>The same broker with other alterations: those of this broker alone, and those of all brokers.</summary>
    public bool TryAlter(
        IReadOnlyDictionary<string, string> thisBroker, IReadOnlyDictionary<string, string> allBrokers,
        [NotNullWhen(true)] out BrokerConfig? config, out IReadOnlyList<ConfigProblem> problems) =>
        TryCreate(thisBroker, allBrokers, AtStart, out config, out problems);

    /// <summary>All values of a broker configuration, the one in force first; empty where it is neither set nor defaulted.</summary>
    public IEnumerable<(ConfigSource Source, object Value)> Layers(string name) => _values.Layers(name);

    private static bool TryCreate(
        IReadOnlyDictionary<string, string> thisBroker, IReadOnlyDictionary<string, string> allBrokers, IReadOnlyDictionary<string, string> atStart,
        [NotNullWhen(true)] out BrokerConfig? config, out IReadOnlyList<ConfigProblem> problems)
    {
        var found = new List<ConfigProblem>();
        var values = BrokerConfigValues.Create(thisBroker, allBrokers, atStart, found);
        config = found.Count == 0 ? new BrokerConfig(values) : null;
        if (config is not null)
        {
            found.AddRange(Contradictions(config));
        }

        problems = found;
        config = found.Count == 0 ? config : null;
        return config is not null;
    }

    private static IEnumerable<ConfigProblem> Contradictions(BrokerConfig config)
    {
        if (config.GroupMinSessionTimeoutMs > config.GroupMaxSessionTimeoutMs)
        {
            yield return new ConfigProblem("group.min.session.timeout.ms", "must not exceed group.max.session.timeout.ms");
        }

        if (config.Layers(DecommissionName).Any(layer => layer is { Source: not ConfigSource.DynamicBroker, Value: true }))
        {
            yield return new ConfigProblem(DecommissionName, "is set for one broker, while the cluster runs");
        }

        if ((long)config.TopicDefaults["min.compaction.lag.ms"] > (long)config.TopicDefaults["max.compaction.lag.ms"])
        {
            yield return new ConfigProblem("log.cleaner.min.compaction.lag.ms", "must not exceed log.cleaner.max.compaction.lag.ms");
        }
    }

    private static object? DefaultOf(ConfigDefinition topic, BrokerConfigValues values)
    {
        foreach (var synonym in topic.Synonyms)
        {
            if (values.Get(synonym.BrokerConfig) is { } value)
            {
                return synonym.Convert(value);
            }
        }

        return topic.Default;
    }

    private T Get<T>(string name) => (T)_values.Get(name)!;
}
