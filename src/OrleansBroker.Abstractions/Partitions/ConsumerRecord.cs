using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Abstractions.Partitions;

/// <summary>A record that was read.</summary>
/// <param name="Key">Null for none.</param>
/// <param name="Value">Null for a tombstone.</param>
public sealed record ConsumerRecord(long Offset, DateTimeOffset Timestamp, ReadOnlyMemory<byte>? Key, ReadOnlyMemory<byte>? Value, IReadOnlyList<RecordHeader> Headers);
