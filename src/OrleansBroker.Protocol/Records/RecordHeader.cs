namespace OrleansBroker.Protocol.Records;

/// <summary>A header of a record; its value may be null, its key may not.</summary>
public readonly record struct RecordHeader(string Key, byte[]? Value);
