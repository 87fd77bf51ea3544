using OrleansBroker.Protocol;

namespace OrleansBroker.Client;

/// <summary>Where a record went.</summary>
/// <param name="Offset">-1 where it is not known: with <see cref="Acks.None"/>, and after a retry that the broker no longer remembers the offset of.</param>
/// <param name="TimestampMs">The record's timestamp in milliseconds since 1970: the producer's, or the broker's where the topic has it so.</param>
public readonly record struct DeliveryResult(TopicPartition TopicPartition, long Offset, long TimestampMs, PersistenceStatus Status)
{
    public string Topic => TopicPartition.Topic;

    public int Partition => TopicPartition.Partition;

    public TopicPartitionOffset TopicPartitionOffset => new(TopicPartition, Offset);

    public DateTimeOffset Timestamp => DateTimeOffset.FromUnixTimeMilliseconds(TimestampMs);
}
