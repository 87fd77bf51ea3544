namespace OrleansBroker.Abstractions.Partitions;

/// <summary>What a read found.</summary>
/// <param name="NextOffset">Where to read on: behind the last record, also where some before it were compacted away.</param>
/// <param name="HighWatermark">The end of what may be read, exclusive.</param>
public sealed record RecordsRead(IReadOnlyList<ConsumerRecord> Records, long NextOffset, long HighWatermark, long LogStartOffset);
