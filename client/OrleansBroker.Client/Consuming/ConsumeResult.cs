using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client;

/// <summary>A record, and where it was read.</summary>
public readonly record struct ConsumeResult<TKey, TValue>
{
    public TopicPartition TopicPartition { get; init; }

    public long Offset { get; init; }

    /// <summary>Of the leadership under which the record was written; -1 where it is not known.</summary>
    public int LeaderEpoch { get; init; }

    /// <summary>Default where the record has none.</summary>
    public TKey? Key { get; init; }

    /// <summary>Default for a tombstone.</summary>
    public TValue? Value { get; init; }

    public ReadOnlyMemory<RecordHeader> Headers { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    public long TimestampMs { get; init; }

    /// <summary>Whether the timestamp is the broker's, not the producer's.</summary>
    public bool IsLogAppendTime { get; init; }

    public string Topic => TopicPartition.Topic;

    public int Partition => TopicPartition.Partition;

    public TopicPartitionOffset TopicPartitionOffset => new(TopicPartition, Offset);

    public DateTimeOffset Timestamp => DateTimeOffset.FromUnixTimeMilliseconds(TimestampMs);
}
