using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client.Producing;

/// <summary>A serialized record on its way into a batch.</summary>
internal readonly ref struct RecordToAppend
{
    public NullableBytes Key { get; init; }

    public NullableBytes Value { get; init; }

    public ReadOnlyMemory<RecordHeader> Headers { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    public long TimestampMs { get; init; }

    /// <summary>The one that the caller chose, or <see cref="IPartitioner.Any"/>.</summary>
    public int Partition { get; init; }

    /// <summary>The most that it adds to a batch, and what it takes of <c>buffer.memory</c>.</summary>
    public int SizeBytes { get; init; }

    /// <summary>Who is told: a <see cref="DeliverySource"/>, or the caller's <see cref="Action{T}"/> of <see cref="DeliveryReport"/>.</summary>
    public object Completion { get; init; }
}
