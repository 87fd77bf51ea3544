using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client;

/// <summary>What a record carries.</summary>
public readonly record struct Message<TKey, TValue>
{
    /// <summary>Null for none. Records of one key go to one partition, and stay in order there.</summary>
    public TKey? Key { get; init; }

    /// <summary>Null for a tombstone, which deletes the key from a compacted topic.</summary>
    public TValue? Value { get; init; }

    /// <summary>Not to be changed until the record is delivered.</summary>
    public ReadOnlyMemory<RecordHeader> Headers { get; init; }

    /// <summary>Null for now. Brokers keep whole milliseconds, or their own time, as the topic has it.</summary>
    public DateTimeOffset? Timestamp { get; init; }
}
