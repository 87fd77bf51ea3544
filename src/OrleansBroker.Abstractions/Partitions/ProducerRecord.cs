using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Abstractions.Partitions;

/// <summary>A record to append.</summary>
/// <param name="Key">Null for none.</param>
/// <param name="Value">Null for a tombstone.</param>
public sealed record ProducerRecord(ReadOnlyMemory<byte>? Key, ReadOnlyMemory<byte>? Value)
{
    public ProducerRecord(ReadOnlyMemory<byte> value)
        : this(null, value)
    {
    }

    /// <summary>Null for that of the append.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    public IReadOnlyList<RecordHeader> Headers { get; init; } = [];
}
