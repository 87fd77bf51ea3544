namespace OrleansBroker.Protocol.Records;

/// <summary>Bytes, or null: a span that knows the difference between empty and absent. <c>default</c> is null.</summary>
public readonly ref struct NullableBytes
{
    public NullableBytes(ReadOnlySpan<byte> span)
    {
        Span = span;
        HasValue = true;
    }

    public static NullableBytes Null => default;

    /// <summary>Empty where it is null.</summary>
    public ReadOnlySpan<byte> Span { get; }

    public bool HasValue { get; }

    /// <summary>As a record says it: -1 for null.</summary>
    internal int Length => HasValue ? Span.Length : -1;

    public static implicit operator NullableBytes(ReadOnlySpan<byte> span) => new(span);

    public static implicit operator NullableBytes(Span<byte> span) => new(span);

    public static implicit operator NullableBytes(ReadOnlyMemory<byte> memory) => new(memory.Span);

    public static implicit operator NullableBytes(byte[]? bytes) => bytes is null ? default : new NullableBytes(bytes);

    public static NullableBytes FromReadOnlySpan(ReadOnlySpan<byte> span) => span;

    public static NullableBytes FromSpan(Span<byte> span) => span;

    public static NullableBytes FromReadOnlyMemory(ReadOnlyMemory<byte> memory) => memory;

    public static NullableBytes FromByteArray(byte[]? bytes) => bytes;
}
