using static OrleansBroker.Core.Configuration.ConfigRule;
using static OrleansBroker.Core.Configuration.ConfigTable;

namespace OrleansBroker.Core.Configuration;

/// <summary>
/// The broker configurations that this broker honours, a line each, with the defaults and bounds of Kafka 4 unless the line says
/// otherwise. Those that stand behind a topic configuration can be altered while the broker runs; the others are read once.
/// </summary>
public static class BrokerConfigTable
{
    public const string LeaderSelector = "org.apache.kafka.common.replica.LeaderSelector";

    public const string RackAwareReplicaSelector = "org.apache.kafka.common.replica.RackAwareReplicaSelector";

    public static readonly ConfigTable Table = new(
    [
        // The broker itself.
        Int("broker.id", null, AtLeast(0), "The broker's id; the older name of node.id."),
        Int("node.id", null, AtLeast(0), "The broker's id within its cluster. 0 unless set."),
        Text("broker.rack", null, null, "Where the broker stands, told to clients."),
        Text("listeners", "PLAINTEXT://127.0.0.1:9092", null, "The address that clients connect to."),
        Text("advertised.listeners", null, null, "The address that clients are told to connect to, where it differs from listeners."),
        Text("log.dirs", null, OneDirectory, "The data directory."),
        Text("log.dir", null, OneDirectory, "The data directory, where log.dirs is not set."),

        // Topics.
        Flag("auto.create.topics.enable", true, "Whether a topic is created when a client first asks for it."),
        Flag("delete.topic.enable", true, "Whether topics can be deleted."),
        Int("num.partitions", 1, AtLeast(1), "How many partitions a topic gets where its creator does not say."),
        Int("default.replication.factor", 1, AtLeast(1), "How many replicas a topic gets where its creator does not say; where this is not set, as many as brokers live, three at most."),
        Int("max.request.partition.size.limit", 2000, AtLeast(1), "How many partitions one DescribeTopicPartitions response holds at most."),

        // Defaults of topic configurations.
        Text("compression.type", "producer", OneOf("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"), "The default of compression.type.").Dynamic(),
        Int("compression.gzip.level", -1, GzipLevel, "The default of compression.gzip.level.").Dynamic(),
        Int("compression.lz4.level", 9, Between(1, 17), "The default of compression.lz4.level.").Dynamic(),
        Int("compression.zstd.level", 3, Between(-131072, 22), "The default of compression.zstd.level.").Dynamic(),
        List("log.cleanup.policy", "delete", OneOf("compact", "delete"), "The default of cleanup.policy.").Dynamic(),
        Long("log.cleaner.delete.retention.ms", 86_400_000, AtLeast(0), "The default of delete.retention.ms.").Dynamic(),
        Long("log.cleaner.max.compaction.lag.ms", long.MaxValue, AtLeast(1), "The default of max.compaction.lag.ms.").Dynamic(),
        Number("log.cleaner.min.cleanable.ratio", 0.5, Between(0, 1), "The default of min.cleanable.dirty.ratio.").Dynamic(),
        Long("log.cleaner.min.compaction.lag.ms", 0, AtLeast(0), "The default of min.compaction.lag.ms.").Dynamic(),
        Long("log.flush.interval.messages", long.MaxValue, AtLeast(1), "The default of flush.messages.").Dynamic(),
        Long("log.flush.interval.ms", null, AtLeast(0), "The default of flush.ms; log.flush.scheduler.interval.ms where it is not set.").Dynamic(),
        Long("log.flush.scheduler.interval.ms", long.MaxValue, AtLeast(0), "The default of flush.ms where log.flush.interval.ms is not set."),
        Int("log.index.interval.bytes", 4096, AtLeast(0), "The default of index.interval.bytes.").Dynamic(),
        Int("log.index.size.max.bytes", 10 << 20, AtLeast(4), "The default of segment.index.bytes.").Dynamic(),
        Long("log.local.retention.bytes", -2, AtLeast(-2), "The default of local.retention.bytes.").Dynamic(),
        Long("log.local.retention.ms", -2, AtLeast(-2), "The default of local.retention.ms.").Dynamic(),
        Long("log.message.timestamp.after.max.ms", 3_600_000, AtLeast(0), "The default of message.timestamp.after.max.ms.").Dynamic(),
        Long("log.message.timestamp.before.max.ms", long.MaxValue, AtLeast(0), "The default of message.timestamp.before.max.ms.").Dynamic(),
        Text("log.message.timestamp.type", "CreateTime", OneOf("CreateTime", "LogAppendTime"), "The default of message.timestamp.type.").Dynamic(),
        Flag("log.preallocate", false, "The default of preallocate.").Dynamic(),
        Long("log.retention.bytes", -1, AtLeast(-1), "The default of retention.bytes.").Dynamic(),
        Long("log.retention.ms", null, AtLeast(-1), "The default of retention.ms; log.retention.minutes where it is not set.").Dynamic(),
        Int("log.retention.minutes", null, AtLeast(-1), "The default of retention.ms, in minutes; log.retention.hours where it is not set."),
        Int("log.retention.hours", 168, AtLeast(-1), "The default of retention.ms, in hours."),
        Long("log.roll.ms", null, AtLeast(1), "The default of segment.ms; log.roll.hours where it is not set.").Dynamic(),
        Int("log.roll.hours", 168, AtLeast(1), "The default of segment.ms, in hours."),
        Long("log.roll.jitter.ms", null, AtLeast(0), "The default of segment.jitter.ms; log.roll.jitter.hours where it is not set.").Dynamic(),
        Int("log.roll.jitter.hours", 0, AtLeast(0), "The default of segment.jitter.ms, in hours."),
        Int("log.segment.bytes", 1 << 30, AtLeast(1 << 20), "The default of segment.bytes.").Dynamic(),
        Long("log.segment.delete.delay.ms", 60_000, AtLeast(0), "The default of file.delete.delay.ms.").Dynamic(),
        Int("message.max.bytes", 1048588, AtLeast(0), "The default of max.message.bytes.").Dynamic(),
        Int("min.insync.replicas", 1, AtLeast(1), "The default of min.insync.replicas.").Dynamic(),
        Flag("unclean.leader.election.enable", false, "The default of unclean.leader.election.enable.").Dynamic(),

        // Replication.
        Flag("auto.leader.rebalance.enable", true, "Whether brokers take the partitions back that they are the preferred leader of."),
        Int("leader.imbalance.check.interval.seconds", 300, AtLeast(1), "How often a broker looks for partitions to take back."),
        Int("leader.imbalance.per.broker.percentage", 10, AtLeast(0), "How many of the partitions that a broker is the preferred leader of, in percent, others may lead before it takes them back."),
        Long("leader.replication.throttled.rate", long.MaxValue, AtLeast(0), "How many bytes a second a broker sends at most to the replicas that leader.replication.throttled.replicas names and that are out of sync.").Dynamic(),
        Long("follower.replication.throttled.rate", long.MaxValue, AtLeast(0), "How many bytes a second a broker fetches at most for the replicas that follower.replication.throttled.replicas names and that are out of sync.").Dynamic(),

        // Moves of replicas that nobody asks for.
        Text("auto.rebalance.mode", RebalanceModes.NewBrokers, OneOf(RebalanceModes.Off, RebalanceModes.NewBrokers, RebalanceModes.AllBrokers), "Which brokers are given their share of the replicas that there are: those that are new in the cluster, all that hold less, or none.").Dynamic(),
        Int("auto.rebalance.concurrent.moves", 10, AtLeast(1), "How many partitions the cluster moves at once by itself, to new brokers and off those that leave.").Dynamic(),
        Long("auto.rebalance.throttled.rate", 50 << 20, AtLeast(0), "How many bytes a second a broker sends at most, and fetches at most, of what the cluster moves by itself.").Dynamic(),
        Long("auto.rebalance.delay.ms", 60_000, AtLeast(0), "For how long no broker has to have come or gone before new ones are given their share, and before a move to one that is gone is given up.").Dynamic(),
        Flag(BrokerConfig.DecommissionName, false, "Whether the broker is to leave the cluster for good: what it holds is moved to others, and it is given nothing. It is set for one broker while the cluster runs.").Dynamic(),

        // Background work on the logs.
        Long("log.retention.check.interval.ms", 300_000, AtLeast(1), "How often retention looks for segments to delete."),
        Int("log.flush.offset.checkpoint.interval.ms", 60_000, AtLeast(0), "How often the recovery points, the high watermarks and the log start offsets are written down."),
        Int("num.recovery.threads.per.data.dir", 2, AtLeast(1), "How many threads check the logs at start after an unclean stop."),
        Flag("log.cleaner.enable", true, "Whether logs with cleanup.policy compact are compacted."),
        Long("log.cleaner.backoff.ms", 15_000, AtLeast(0), "How long the cleaner sleeps when no log is due."),
        Long("log.cleaner.dedupe.buffer.size", 128 << 20, AtLeast(1 << 20), "The memory, in bytes, of the cleaner for the keys it has seen."),
        Int("log.cleaner.io.buffer.size", 512 << 10, AtLeast(0), "The memory, in bytes, of the cleaner for reading and writing."),
        Number("log.cleaner.io.buffer.load.factor", 0.9, Between(0, 1), "How full the memory for keys may get."),
        Number("log.cleaner.io.max.bytes.per.second", double.MaxValue, AtLeast(0), "How many bytes a second the cleaner reads and writes at most."),

        // Replication.
        Long("replica.lag.time.max.ms", 30_000, AtLeast(1), "How long a follower may be behind before it leaves the in-sync replicas."),
        Int("replica.fetch.backoff.ms", 1_000, AtLeast(0), "How long a follower waits at most before it fetches a partition again that its leader refused; the first waits are shorter."),
        Int("replica.fetch.max.bytes", 1 << 20, AtLeast(0), "How many bytes of one partition a follower fetches at once; a larger record batch comes all the same."),
        Int("replica.fetch.min.bytes", 1, AtLeast(0), "How many bytes a follower's fetch waits for."),
        Int("replica.fetch.response.max.bytes", 10 << 20, AtLeast(0), "How many bytes a follower fetches at once from one leader; a larger record batch comes all the same."),
        Int("replica.fetch.wait.max.ms", 500, AtLeast(0), "How long a follower's fetch waits for replica.fetch.min.bytes."),
        Text("replica.selector.class", RackAwareReplicaSelector, OneOf(LeaderSelector, RackAwareReplicaSelector), "Who serves a consumer that says in which rack it is: the leader, or an in-sync replica in that rack. Kafka's default is the leader."),
        Int("replica.socket.timeout.ms", 10_000, AtLeast(1), "How long a follower waits for the response to a fetch, beyond what it asked the leader to wait, before it connects anew. Kafka's default is 30000."),

        // Producers.
        Int("producer.id.expiration.ms", 86_400_000, AtLeast(1), "How long a partition remembers an idempotent producer after its last write.").Dynamic(),

        // Groups.
        Int("group.initial.rebalance.delay.ms", 3_000, AtLeast(0), "How long an empty group waits for more members before its first rebalance."),
        Int("group.max.session.timeout.ms", 1_800_000, AtLeast(1), "The longest session timeout a member may ask for."),
        Int("group.max.size", int.MaxValue, AtLeast(1), "How many members a group may have."),
        Int("group.min.session.timeout.ms", 6_000, AtLeast(1), "The shortest session timeout a member may ask for."),
        Int("offset.metadata.max.bytes", 4096, AtLeast(0), "The largest metadata a consumer may commit with an offset."),
        Int("offsets.commit.timeout.ms", 5_000, AtLeast(1), "How long a coordinator waits until all in-sync replicas have what it wrote."),
        Long("offsets.retention.check.interval.ms", 600_000, AtLeast(1), "How often expired offsets are removed."),
        Int("offsets.retention.minutes", 10_080, AtLeast(1), "How long the offsets of an empty group are kept."),
        Int("offsets.topic.compression.codec", 0, Between(0, 4), "The codec of the records in __consumer_offsets: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd."),
        Int("offsets.topic.num.partitions", 50, AtLeast(1), "How many partitions __consumer_offsets gets when it is created."),
        Short("offsets.topic.replication.factor", 3, AtLeast(1), "How many replicas __consumer_offsets gets; fewer where there are fewer brokers."),
        Int("offsets.topic.segment.bytes", 100 << 20, AtLeast(1), "The segment.bytes of __consumer_offsets; small, so that it is compacted soon."),

        // Connections.
        Long("connections.max.idle.ms", 600_000, null, "After how long without a request a connection is closed; -1 is never."),
        Int("max.connections", int.MaxValue, AtLeast(0), "How many connections are open at once."),
        Int("max.connections.per.ip", int.MaxValue, AtLeast(0), "How many connections one address may have open at once."),
        Long("queued.max.request.bytes", 512 << 20, AtLeast(-1), "How many bytes of large requests are held in memory at once, over all connections; more are not read before there is room. Kafka has no limit by default; -1 is the default here."),
        Int("socket.listen.backlog.size", 1024, AtLeast(1), "How many connections wait to be accepted. Kafka's default is 50, with which a thousand clients that start at once wait for seconds."),
        Int("socket.receive.buffer.bytes", -1, AtLeast(-1), "The receive buffer of a socket; -1 leaves it to the system, which adapts it. Kafka's default is 102400."),
        Int("socket.request.max.bytes", 100 << 20, AtLeast(1), "The largest request taken; a larger one closes its connection."),
        Int("socket.send.buffer.bytes", -1, AtLeast(-1), "The send buffer of a socket; -1 leaves it to the system, which adapts it. Kafka's default is 102400."),
        Int("fetch.max.bytes", 55 << 20, AtLeast(1024), "The largest fetch response."),
        Int("max.incremental.fetch.session.cache.slots", 1000, AtLeast(0), "How many incremental fetch sessions are kept."),
    ]);

    /// <summary>The broker configurations that count where this one is not set: <c>log.retention.hours</c> for <c>log.retention.minutes</c>.</summary>
    public static IEnumerable<string> WeakerThan(string name) =>
        TopicConfigTable.Table.All.SelectMany(topic => topic.Synonyms.SkipWhile(synonym => synonym.BrokerConfig != name).Skip(1)).Select(synonym => synonym.BrokerConfig);

    private static ConfigDefinition Dynamic(this ConfigDefinition definition) => definition with { IsDynamic = true };
}
