namespace OrleansBroker.Protocol.Records;

/// <summary>
/// Goes through the records of a batch without allocating. The bytes are those of exactly <paramref name="count"/> records;
/// anything else is a <see cref="MalformedMessageException"/>, at the latest when the last call answers false.
/// </summary>
/// <param name="records">Decompressed.</param>
public ref struct RecordReader(ReadOnlySpan<byte> records, int count)
{
    private readonly ReadOnlySpan<byte> _records = records;
    private int _position;
    private int _left = count;

    /// <summary>The records of a batch, which <paramref name="scratch"/> receives if they have to be decompressed.</summary>
    /// <param name="batch">The whole batch.</param>
    /// <param name="scratch">Emptied first; must be left alone while the records are in use.</param>
    /// <param name="bytesMax">The most bytes that the records may decompress to.</param>
    public static RecordReader Open(RecordBatchView batch, PooledBuffer scratch, int bytesMax)
    {
        if (batch.Compression == CompressionCodec.None || batch.Records.IsEmpty)
        {
            return new RecordReader(batch.Records, batch.Count);
        }

        scratch.Clear();
        RecordCompression.Decompress(batch.Compression, batch.Records, scratch, bytesMax);
        return new RecordReader(scratch.Span, batch.Count);
    }

    public bool TryRead(out RecordView record)
    {
        if (_left > 0)
        {
            _left--;
            record = RecordView.Read(_records, ref _position);
            return true;
        }

        record = default;
        if (_position < _records.Length)
        {
            throw new MalformedMessageException($"{_records.Length - _position} bytes behind the last record of a batch");
        }

        return false;
    }
}
