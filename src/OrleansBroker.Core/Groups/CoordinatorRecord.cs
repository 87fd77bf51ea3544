namespace OrleansBroker.Core.Groups;

/// <summary>A record to commit to <c>__consumer_offsets</c>.</summary>
/// <param name="Value">Null for a tombstone.</param>
public readonly record struct CoordinatorRecord(byte[] Key, byte[]? Value);
