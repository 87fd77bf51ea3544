namespace OrleansBroker.Protocol.Records;

/// <summary>Goes through a record's headers without allocating.</summary>
public ref struct RecordHeaderEnumerator
{
    private readonly ReadOnlySpan<byte> _bytes;
    private int _position;
    private int _left;

    internal RecordHeaderEnumerator(ReadOnlySpan<byte> bytes, int count)
    {
        _bytes = bytes;
        _left = count;
    }

    public RecordHeaderView Current { get; private set; }

    internal readonly int BytesLeft => _bytes.Length - _position;

    public readonly RecordHeaderEnumerator GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_left == 0)
        {
            return false;
        }

        _left--;
        var key = RecordView.ReadBlock(_bytes, ref _position, out var hasKey);
        if (!hasKey)
        {
            throw new MalformedMessageException("a record header without a key");
        }

        var value = RecordView.ReadBlock(_bytes, ref _position, out var hasValue);
        Current = new RecordHeaderView(key, value, hasValue);
        return true;
    }
}
