namespace OrleansBroker.Client.Tests;

internal sealed record StoredRecord(int Partition, long Offset, string? Key, string? Value, long TimestampMs, (string Key, string? Value)[] Headers);
