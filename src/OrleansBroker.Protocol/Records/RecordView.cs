namespace OrleansBroker.Protocol.Records;

/// <summary>One record where it lies, checked when <see cref="RecordReader"/> handed it out. Its form is drawn in <see cref="RecordBatchFormat"/>.</summary>
public readonly ref struct RecordView
{
    private readonly ReadOnlySpan<byte> _headers;

    private RecordView(ReadOnlySpan<byte> bytes, int bodyAt)
    {
        Bytes = bytes;
        Attributes = (sbyte)bytes[bodyAt];
        var position = bodyAt + 1;
        TimestampDelta = RecordVarint.ReadInt64(bytes, ref position);
        OffsetDelta = RecordVarint.ReadInt32(bytes, ref position);
        Payload = bytes[position..];
        Key = ReadBlock(bytes, ref position, out var hasKey);
        HasKey = hasKey;
        Value = ReadBlock(bytes, ref position, out var hasValue);
        HasValue = hasValue;
        HeaderCount = RecordVarint.ReadInt32(bytes, ref position);
        _headers = bytes[position..];

        // A header takes two bytes at least.
        if (HeaderCount < 0 || HeaderCount > _headers.Length / 2)
        {
            throw new MalformedMessageException($"a record with {HeaderCount} headers in {_headers.Length} bytes");
        }

        var headers = Headers;
        while (headers.MoveNext())
        {
        }

        if (headers.BytesLeft > 0)
        {
            throw new MalformedMessageException($"a record has {headers.BytesLeft} bytes more than its fields");
        }
    }

    /// <summary>The whole record, its length included.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    public int SizeBytes => Bytes.Length;

    /// <summary>Unused by Kafka.</summary>
    public sbyte Attributes { get; }

    /// <summary>Milliseconds after the batch's base timestamp.</summary>
    public long TimestampDelta { get; }

    /// <summary>After the batch's base offset.</summary>
    public int OffsetDelta { get; }

    /// <summary>Empty where it is null.</summary>
    public ReadOnlySpan<byte> Key { get; }

    public bool HasKey { get; }

    /// <summary>Empty where it is null.</summary>
    public ReadOnlySpan<byte> Value { get; }

    /// <summary>False for a tombstone.</summary>
    public bool HasValue { get; }

    public int HeaderCount { get; }

    /// <summary>To go through the headers with <c>foreach</c>.</summary>
    public RecordHeaderEnumerator Headers => new(_headers, HeaderCount);

    /// <summary>From the key's length to the end: what stays the same when a record moves to another batch.</summary>
    internal ReadOnlySpan<byte> Payload { get; }

    /// <summary>The record that begins at <paramref name="position"/>, which is moved behind it.</summary>
    internal static RecordView Read(ReadOnlySpan<byte> records, scoped ref int position)
    {
        var start = position;
        var length = RecordVarint.ReadInt32(records, ref position);
        if (length < RecordBatchFormat.RecordBytesMin - 1 || length > records.Length - position)
        {
            throw new MalformedMessageException($"a record of {length} bytes where {records.Length - position} are left");
        }

        var bodyAt = position - start;
        position += length;
        return new RecordView(records[start..position], bodyAt);
    }

    internal static ReadOnlySpan<byte> ReadBlock(ReadOnlySpan<byte> bytes, scoped ref int position, out bool present)
    {
        var length = RecordVarint.ReadInt32(bytes, ref position);
        present = length >= 0;
        if (length < -1 || length > bytes.Length - position)
        {
            throw new MalformedMessageException($"a field of {length} bytes in a record where {bytes.Length - position} are left");
        }

        var block = bytes.Slice(position, Math.Max(length, 0));
        position += block.Length;
        return block;
    }
}
