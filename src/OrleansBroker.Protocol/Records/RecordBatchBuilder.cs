using System.Buffers.Binary;
using System.Text;

namespace OrleansBroker.Protocol.Records;

/// <summary>
/// Builds record batches, one after another in the same buffers. Set the header's fields, append the records, build, and
/// <see cref="Clear"/> for the next one; <see cref="StartLike"/> takes the header of a batch that is being rewritten.
/// Not safe for use by two threads at once.
/// </summary>
public sealed class RecordBatchBuilder : IDisposable
{
    /// <summary>Length, timestamp delta, offset delta, key length, value length and header count at their longest, and the attributes.</summary>
    private const int RecordOverheadBytesMax = (5 * RecordVarint.BytesMax32) + RecordVarint.BytesMax64 + 1;

    private readonly PooledBuffer _plain = new();
    private readonly PooledBuffer _compressed = new();
    private readonly int? _level;
    private readonly CompressionCodec _codec;
    private long? _baseTimestamp;
    private long _maxAppended;
    private int _lastDelta;

    /// <param name="level">As <see cref="RecordCompression.IsLevel"/> has it; null for Kafka's default.</param>
    public RecordBatchBuilder(CompressionCodec codec = CompressionCodec.None, int? level = null)
    {
        _codec = codec;
        _level = level;
        Clear();
    }

    public long BaseOffset { get; set; }

    public int PartitionLeaderEpoch { get; set; }

    public long ProducerId { get; set; }

    public short ProducerEpoch { get; set; }

    public int BaseSequence { get; set; }

    public bool IsTransactional { get; set; }

    public bool IsControl { get; set; }

    /// <summary>The timestamp type; the records then all have <see cref="MaxTimestamp"/>.</summary>
    public bool IsLogAppendTime { get; set; }

    /// <summary>The max timestamp of a batch with log append time or without records. Otherwise it is the greatest that was appended.</summary>
    public long MaxTimestamp { get; set; }

    /// <summary>
    /// The time after which the batch's tombstones may go (KIP-534), or null. It takes the place of the base timestamp,
    /// so it is set before the first record.
    /// </summary>
    public long? DeleteHorizon { get; private set; }

    /// <summary>Kept by compaction even where the last record went; null for that of the last record.</summary>
    public int? LastOffsetDelta { get; set; }

    /// <summary>Records appended.</summary>
    public int Count { get; private set; }

    /// <summary>What the batch takes without compression, header included; exact where the codec is none.</summary>
    public int SizeBytes => _plain.Length;

    /// <summary>The most that one more record can add to <see cref="SizeBytes"/>.</summary>
    public static int RecordBytesMax(int keyBytes, int valueBytes, ReadOnlySpan<RecordHeader> headers = default)
    {
        var bytes = RecordOverheadBytesMax + keyBytes + valueBytes;
        foreach (var header in headers)
        {
            bytes += (2 * RecordVarint.BytesMax32) + Encoding.UTF8.GetByteCount(header.Key) + (header.Value?.Length ?? 0);
        }

        return bytes;
    }

    /// <summary>Forgets records and header.</summary>
    public void Clear()
    {
        _plain.Clear();
        _plain.Reserve(RecordBatchFormat.HeaderBytes);
        _plain.Advance(RecordBatchFormat.HeaderBytes);
        _baseTimestamp = null;
        _maxAppended = RecordBatchFormat.NoTimestamp;
        _lastDelta = 0;
        Count = 0;
        BaseOffset = 0;
        PartitionLeaderEpoch = RecordBatchFormat.NoPartitionLeaderEpoch;
        ProducerId = RecordBatchFormat.NoProducerId;
        ProducerEpoch = RecordBatchFormat.NoProducerEpoch;
        BaseSequence = RecordBatchFormat.NoSequence;
        IsTransactional = false;
        IsControl = false;
        IsLogAppendTime = false;
        MaxTimestamp = RecordBatchFormat.NoTimestamp;
        DeleteHorizon = null;
        LastOffsetDelta = null;
    }

    /// <summary>
    /// Clears, and takes over all of a batch's header but its codec, so that records of it can be appended as they are
    /// and offsets stay what they were although some are left out.
    /// </summary>
    public void StartLike(RecordBatchView batch)
    {
        Clear();
        BaseOffset = batch.BaseOffset;
        PartitionLeaderEpoch = batch.PartitionLeaderEpoch;
        ProducerId = batch.ProducerId;
        ProducerEpoch = batch.ProducerEpoch;
        BaseSequence = batch.BaseSequence;
        IsTransactional = batch.IsTransactional;
        IsControl = batch.IsControl;
        IsLogAppendTime = batch.IsLogAppendTime;
        MaxTimestamp = batch.MaxTimestamp;
        LastOffsetDelta = batch.LastOffsetDelta;
        _baseTimestamp = batch.BaseTimestamp;
        DeleteHorizon = batch.HasDeleteHorizon ? batch.BaseTimestamp : null;
    }

    /// <summary>Sets <see cref="DeleteHorizon"/>, before the first record is appended.</summary>
    public void SetDeleteHorizon(long timestampMs)
    {
        if (Count > 0)
        {
            throw new InvalidOperationException("the records appended count their timestamps from another base");
        }

        DeleteHorizon = timestampMs;
        _baseTimestamp = timestampMs;
    }

    /// <param name="offsetDelta">After the base offset, greater than that of the record before.</param>
    public void Append(int offsetDelta, long timestampMs, NullableBytes key, NullableBytes value, ReadOnlySpan<RecordHeader> headers = default)
    {
        var timestampDelta = Note(offsetDelta, timestampMs);
        var payloadBytes = PayloadBytes(key, value, headers);
        var room = StartRecord(offsetDelta, timestampDelta, payloadBytes, out var written);
        written += WriteBlock(room[written..], key);
        written += WriteBlock(room[written..], value);
        written += RecordVarint.Write(room[written..], headers.Length);
        foreach (var header in headers)
        {
            var keyBytes = Encoding.UTF8.GetByteCount(header.Key);
            written += RecordVarint.Write(room[written..], keyBytes);
            written += Encoding.UTF8.GetBytes(header.Key, room[written..]);
            written += WriteBlock(room[written..], header.Value);
        }

        _plain.Advance(written);
    }

    /// <summary>Appends with the next offset delta.</summary>
    public void Append(long timestampMs, NullableBytes key, NullableBytes value, ReadOnlySpan<RecordHeader> headers = default) =>
        Append(Count == 0 ? 0 : _lastDelta + 1, timestampMs, key, value, headers);

    /// <summary>Appends a record of another batch, key, value and headers as they are.</summary>
    public void Append(int offsetDelta, long timestampMs, RecordView record)
    {
        var timestampDelta = Note(offsetDelta, timestampMs);
        if (timestampDelta == record.TimestampDelta && offsetDelta == record.OffsetDelta)
        {
            _plain.Write(record.Bytes);
            return;
        }

        var room = StartRecord(offsetDelta, timestampDelta, record.Payload.Length, out var written);
        record.Payload.CopyTo(room[written..]);
        _plain.Advance(written + record.Payload.Length);
    }

    /// <summary>
    /// After <see cref="StartLike"/>: appends all the records of that batch in one piece, unchanged and unread. The caller
    /// answers for their being what the header says.
    /// </summary>
    /// <param name="records">Decompressed.</param>
    public void AppendAll(ReadOnlySpan<byte> records, int count)
    {
        _plain.Write(records);
        Count += count;
        _lastDelta = LastOffsetDelta ?? _lastDelta;
        _maxAppended = Math.Max(_maxAppended, MaxTimestamp);
    }

    /// <summary>The batch, CRC and all, valid until the builder is used again. A batch without records is never compressed.</summary>
    public Memory<byte> Build()
    {
        if (_codec == CompressionCodec.None || Count == 0)
        {
            WriteHeader(_plain.Span, CompressionCodec.None);
            return _plain.Memory;
        }

        _compressed.Clear();
        BuildInto(_compressed);
        return _compressed.Memory;
    }

    /// <summary>Appends the batch to <paramref name="destination"/>; returns its size in bytes.</summary>
    public int BuildInto(PooledBuffer destination)
    {
        var start = destination.Length;
        var codec = Count == 0 ? CompressionCodec.None : _codec;
        destination.Reserve(RecordBatchFormat.HeaderBytes);
        destination.Advance(RecordBatchFormat.HeaderBytes);
        RecordCompression.Compress(codec, _level, _plain.Span[RecordBatchFormat.HeaderBytes..], destination);
        WriteHeader(destination.Span[start..], codec);
        return destination.Length - start;
    }

    public void Dispose()
    {
        _plain.Dispose();
        _compressed.Dispose();
    }

    /// <summary>Takes note of a record to come; answers its timestamp delta.</summary>
    private long Note(int offsetDelta, long timestampMs)
    {
        if (offsetDelta < 0 || (Count > 0 && offsetDelta <= _lastDelta))
        {
            throw new ArgumentOutOfRangeException(nameof(offsetDelta), offsetDelta, $"offset deltas ascend, and the last was {_lastDelta}");
        }

        _baseTimestamp ??= timestampMs;
        _maxAppended = Math.Max(_maxAppended, timestampMs);
        _lastDelta = offsetDelta;
        Count++;
        return timestampMs - _baseTimestamp.Value;
    }

    private Span<byte> StartRecord(int offsetDelta, long timestampDelta, int payloadBytes, out int written)
    {
        var bodyBytes = 1 + RecordVarint.Size(timestampDelta) + RecordVarint.Size(offsetDelta) + payloadBytes;
        var room = _plain.GetSpan(RecordVarint.BytesMax32 + bodyBytes);
        written = RecordVarint.Write(room, bodyBytes);
        room[written++] = 0;
        written += RecordVarint.Write(room[written..], timestampDelta);
        written += RecordVarint.Write(room[written..], offsetDelta);
        return room;
    }

    private static int PayloadBytes(NullableBytes key, NullableBytes value, ReadOnlySpan<RecordHeader> headers)
    {
        var bytes = checked(BlockBytes(key.Length) + BlockBytes(value.Length) + RecordVarint.Size(headers.Length));
        foreach (var header in headers)
        {
            bytes = checked(bytes + BlockBytes(Encoding.UTF8.GetByteCount(header.Key)) + BlockBytes(header.Value?.Length ?? -1));
        }

        return bytes;
    }

    private static int BlockBytes(int length) => RecordVarint.Size(length) + Math.Max(length, 0);

    private static int WriteBlock(Span<byte> destination, NullableBytes block)
    {
        var written = RecordVarint.Write(destination, block.Length);
        block.Span.CopyTo(destination[written..]);
        return written + block.Span.Length;
    }

    private void WriteHeader(Span<byte> batch, CompressionCodec codec)
    {
        var attributes = (short)codec;
        attributes |= IsLogAppendTime ? RecordBatchFormat.LogAppendTimeFlag : (short)0;
        attributes |= IsTransactional ? RecordBatchFormat.TransactionalFlag : (short)0;
        attributes |= IsControl ? RecordBatchFormat.ControlFlag : (short)0;
        attributes |= DeleteHorizon is null ? (short)0 : RecordBatchFormat.DeleteHorizonFlag;
        BinaryPrimitives.WriteInt64BigEndian(batch, BaseOffset);
        BinaryPrimitives.WriteInt32BigEndian(batch[RecordBatchFormat.LengthAt..], batch.Length - RecordBatchFormat.LogOverheadBytes);
        BinaryPrimitives.WriteInt32BigEndian(batch[RecordBatchFormat.PartitionLeaderEpochAt..], PartitionLeaderEpoch);
        batch[RecordBatchFormat.MagicAt] = RecordBatchFormat.Magic;
        BinaryPrimitives.WriteInt16BigEndian(batch[RecordBatchFormat.AttributesAt..], attributes);
        BinaryPrimitives.WriteInt32BigEndian(batch[RecordBatchFormat.LastOffsetDeltaAt..], LastOffsetDelta ?? _lastDelta);
        BinaryPrimitives.WriteInt64BigEndian(batch[RecordBatchFormat.BaseTimestampAt..], _baseTimestamp ?? RecordBatchFormat.NoTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(
            batch[RecordBatchFormat.MaxTimestampAt..], IsLogAppendTime || Count == 0 ? MaxTimestamp : _maxAppended);
        BinaryPrimitives.WriteInt64BigEndian(batch[RecordBatchFormat.ProducerIdAt..], ProducerId);
        BinaryPrimitives.WriteInt16BigEndian(batch[RecordBatchFormat.ProducerEpochAt..], ProducerEpoch);
        BinaryPrimitives.WriteInt32BigEndian(batch[RecordBatchFormat.BaseSequenceAt..], BaseSequence);
        BinaryPrimitives.WriteInt32BigEndian(batch[RecordBatchFormat.CountAt..], Count);
        RecordBatchStamp.Crc(batch);
    }
}
