using System.Text;

namespace OrleansBroker.Protocol.Records;

/// <summary>One header of a record, where it lies.</summary>
public readonly ref struct RecordHeaderView(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue)
{
    /// <summary>UTF-8.</summary>
    public ReadOnlySpan<byte> Key { get; } = key;

    /// <summary>Empty where it is null.</summary>
    public ReadOnlySpan<byte> Value { get; } = value;

    public bool HasValue { get; } = hasValue;

    /// <summary>A copy that outlives the batch.</summary>
    public RecordHeader ToHeader() => new(Encoding.UTF8.GetString(Key), HasValue ? Value.ToArray() : null);
}
