using static OrleansBroker.Core.Configuration.ConfigRule;
using static OrleansBroker.Core.Configuration.ConfigTable;

namespace OrleansBroker.Core.Configuration;

/// <summary>
/// Kafka's topic configurations with the defaults and bounds of Kafka 4, a line each. A topic that does not set one takes the
/// broker's, by the synonyms at the end of the line.
/// </summary>
public static class TopicConfigTable
{
    private const long MinuteMs = 60_000;
    private const long HourMs = 60 * MinuteMs;
    private const long DayMs = 24 * HourMs;

    public static readonly ConfigTable Table = new(
    [
        List("cleanup.policy", "delete", OneOf("compact", "delete"), "What happens to old records: delete drops whole segments by retention.ms and retention.bytes, compact keeps the latest record of each key. Both may be given; an empty list keeps everything.").Behind("log.cleanup.policy"),
        Text("compression.type", "producer", OneOf("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"), "The codec that batches are stored with. producer keeps each batch as it came; any other recompresses batches of another codec.").Behind("compression.type"),
        Int("compression.gzip.level", -1, GzipLevel, "The level used where compression.type is gzip; -1 is the library's own.").Behind("compression.gzip.level"),
        Int("compression.lz4.level", 9, Between(1, 17), "The level used where compression.type is lz4.").Behind("compression.lz4.level"),
        Int("compression.zstd.level", 3, Between(-131072, 22), "The level used where compression.type is zstd.").Behind("compression.zstd.level"),
        Long("delete.retention.ms", DayMs, AtLeast(0), "How long a tombstone stays in a compacted log, so that a consumer that reads from the start in less time sees every deletion.").Behind("log.cleaner.delete.retention.ms"),
        Long("file.delete.delay.ms", MinuteMs, AtLeast(0), "How long the files of a deleted segment or topic stay on disk under another name, for readers that are in the middle of them.").Behind("log.segment.delete.delay.ms"),
        Long("flush.messages", long.MaxValue, AtLeast(1), "After how many records a log is flushed to disk (fsync) before they are acknowledged. 1 makes every acknowledgement survive a power loss.").Behind("log.flush.interval.messages"),
        Long("flush.ms", long.MaxValue, AtLeast(0), "After how long an unflushed record is flushed to disk (fsync).").Behind("log.flush.interval.ms", ("log.flush.scheduler.interval.ms", 1)),
        List("follower.replication.throttled.replicas", "", ReplicaPairs, "The replicas that fetch at most follower.replication.throttled.rate while they are out of sync, each as partition:broker, or * for all."),
        Int("index.interval.bytes", 4096, AtLeast(0), "How many bytes of records lie between two entries of the offset index.").Behind("log.index.interval.bytes"),
        Int("internal.segment.bytes", null, AtLeast(14), "segment.bytes without its lower bound, for tests.").Internal(),
        List("leader.replication.throttled.replicas", "", ReplicaPairs, "The replicas that send at most leader.replication.throttled.rate to replicas that are out of sync, each as partition:broker, or * for all."),
        Long("local.retention.bytes", -2, AtLeast(-2), "For tiered storage, which this broker does not have: accepted, without effect.").Behind("log.local.retention.bytes"),
        Long("local.retention.ms", -2, AtLeast(-2), "For tiered storage, which this broker does not have: accepted, without effect.").Behind("log.local.retention.ms"),
        Long("max.compaction.lag.ms", long.MaxValue, AtLeast(1), "After how long a record becomes due for compaction whatever the dirty ratio is.").Behind("log.cleaner.max.compaction.lag.ms"),
        Int("max.message.bytes", 1048588, AtLeast(0), "The largest record batch taken, as it is stored.").Behind("message.max.bytes"),
        Long("message.timestamp.after.max.ms", HourMs, AtLeast(0), "How far a record's timestamp may lie after the broker's time; beyond it the record is refused. Not checked with LogAppendTime.").Behind("log.message.timestamp.after.max.ms"),
        Long("message.timestamp.before.max.ms", long.MaxValue, AtLeast(0), "How far a record's timestamp may lie before the broker's time; beyond it the record is refused. Not checked with LogAppendTime.").Behind("log.message.timestamp.before.max.ms"),
        Text("message.timestamp.type", "CreateTime", OneOf("CreateTime", "LogAppendTime"), "Whether a record keeps the producer's timestamp or gets the time at which it was appended.").Behind("log.message.timestamp.type"),
        Number("min.cleanable.dirty.ratio", 0.5, Between(0, 1), "Which share of a log must be uncompacted before it is compacted.").Behind("log.cleaner.min.cleanable.ratio"),
        Long("min.compaction.lag.ms", 0, AtLeast(0), "How long a record is kept from compaction.").Behind("log.cleaner.min.compaction.lag.ms"),
        Int("min.insync.replicas", 1, AtLeast(1), "How many in-sync replicas, the leader among them, a write with acks=all needs; never more than the topic has replicas, so that with one replica it says nothing.").Behind("min.insync.replicas"),
        Flag("preallocate", false, "Whether a new segment's file gets its full size at once.").Behind("log.preallocate"),
        Flag("remote.log.copy.disable", false, "For tiered storage, which this broker does not have: accepted, without effect."),
        Flag("remote.log.delete.on.disable", false, "For tiered storage, which this broker does not have: accepted, without effect."),
        Flag("remote.storage.enable", false, "Tiered storage, which this broker does not have: only false is accepted.", NotAvailable),
        Long("retention.bytes", -1, AtLeast(-1), "How large a partition may grow before its oldest segments are deleted (with cleanup.policy delete); -1 is without limit.").Behind("log.retention.bytes"),
        Long("retention.ms", 7 * DayMs, AtLeast(-1), "How old records may become before their segments are deleted (with cleanup.policy delete); -1 is without limit.").Behind("log.retention.ms", ("log.retention.minutes", MinuteMs), ("log.retention.hours", HourMs)),
        Int("segment.bytes", 1 << 30, AtLeast(1 << 20), "At which size a log goes on in a new segment. Retention and compaction work on whole segments.").Behind("log.segment.bytes"),
        Int("segment.index.bytes", 10 << 20, AtLeast(4), "The size of a segment's offset index, which is reserved while the segment is written.").Behind("log.index.size.max.bytes"),
        Long("segment.jitter.ms", 0, AtLeast(0), "How much earlier than segment.ms, at most and by chance, a segment rolls, so that not all roll at once.").Behind("log.roll.jitter.ms", ("log.roll.jitter.hours", HourMs)),
        Long("segment.ms", 7 * DayMs, AtLeast(1), "After how long a log goes on in a new segment even if the last is not full.").Behind("log.roll.ms", ("log.roll.hours", HourMs)),
        Flag("unclean.leader.election.enable", false, "Whether a replica that is out of sync may lead as a last resort, at the price of lost records.").Behind("unclean.leader.election.enable"),
    ]);

    private static ConfigDefinition Behind(this ConfigDefinition definition, string brokerConfig, params (string Name, long Scale)[] weaker) =>
        definition with { Synonyms = [new ConfigSynonym(brokerConfig), .. weaker.Select(synonym => new ConfigSynonym(synonym.Name, synonym.Scale))] };

    private static ConfigDefinition Internal(this ConfigDefinition definition) => definition with { IsInternal = true };
}
