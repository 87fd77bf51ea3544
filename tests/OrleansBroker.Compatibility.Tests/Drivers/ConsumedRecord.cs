namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>A record that a client was given.</summary>
internal sealed record ConsumedRecord(string Topic, int Partition, long Offset, long Timestamp, string? Key, string? Value, string[][] Headers);
