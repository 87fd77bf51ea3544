using System.Buffers.Binary;

namespace OrleansBroker.Protocol.Records;

/// <summary>
/// Reads a record batch where it lies. Over a whole batch everything can be asked; over the first
/// <see cref="RecordBatchFormat.HeaderBytes"/> only, all but <see cref="Records"/> and <see cref="IsCrcValid"/>.
/// </summary>
/// <param name="bytes">Starts with the batch; may go on after it.</param>
public readonly ref struct RecordBatchView(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public long BaseOffset => BinaryPrimitives.ReadInt64BigEndian(_bytes[RecordBatchFormat.BaseOffsetAt..]);

    /// <summary>The whole batch, log overhead included.</summary>
    public int SizeBytes => RecordBatchFormat.LogOverheadBytes + BinaryPrimitives.ReadInt32BigEndian(_bytes[RecordBatchFormat.LengthAt..]);

    public int PartitionLeaderEpoch => BinaryPrimitives.ReadInt32BigEndian(_bytes[RecordBatchFormat.PartitionLeaderEpochAt..]);

    public byte Magic => _bytes[RecordBatchFormat.MagicAt];

    /// <summary>The CRC32C that the batch claims.</summary>
    public uint Crc => BinaryPrimitives.ReadUInt32BigEndian(_bytes[RecordBatchFormat.CrcAt..]);

    public short Attributes => BinaryPrimitives.ReadInt16BigEndian(_bytes[RecordBatchFormat.AttributesAt..]);

    public CompressionCodec Compression => (CompressionCodec)(Attributes & RecordBatchFormat.CodecMask);

    public bool IsLogAppendTime => (Attributes & RecordBatchFormat.LogAppendTimeFlag) != 0;

    public bool IsTransactional => (Attributes & RecordBatchFormat.TransactionalFlag) != 0;

    public bool IsControl => (Attributes & RecordBatchFormat.ControlFlag) != 0;

    /// <summary>Whether <see cref="BaseTimestamp"/> is also the delete horizon of the batch (KIP-534).</summary>
    public bool HasDeleteHorizon => (Attributes & RecordBatchFormat.DeleteHorizonFlag) != 0;

    public int LastOffsetDelta => BinaryPrimitives.ReadInt32BigEndian(_bytes[RecordBatchFormat.LastOffsetDeltaAt..]);

    public long LastOffset => BaseOffset + LastOffsetDelta;

    /// <summary>The base offset of the batch that follows.</summary>
    public long NextOffset => LastOffset + 1;

    /// <summary>Milliseconds since 1970, as all timestamps.</summary>
    public long BaseTimestamp => BinaryPrimitives.ReadInt64BigEndian(_bytes[RecordBatchFormat.BaseTimestampAt..]);

    public long MaxTimestamp => BinaryPrimitives.ReadInt64BigEndian(_bytes[RecordBatchFormat.MaxTimestampAt..]);

    public long ProducerId => BinaryPrimitives.ReadInt64BigEndian(_bytes[RecordBatchFormat.ProducerIdAt..]);

    public short ProducerEpoch => BinaryPrimitives.ReadInt16BigEndian(_bytes[RecordBatchFormat.ProducerEpochAt..]);

    public int BaseSequence => BinaryPrimitives.ReadInt32BigEndian(_bytes[RecordBatchFormat.BaseSequenceAt..]);

    /// <summary>The sequence number of the last offset; after <see cref="int.MaxValue"/> sequences go on at 0.</summary>
    public int LastSequence => BaseSequence == RecordBatchFormat.NoSequence
        ? RecordBatchFormat.NoSequence
        : (int)(((long)BaseSequence + LastOffsetDelta) & int.MaxValue);

    /// <summary>Records in the batch.</summary>
    public int Count => BinaryPrimitives.ReadInt32BigEndian(_bytes[RecordBatchFormat.CountAt..]);

    /// <summary>Exactly this batch.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes[..SizeBytes];

    /// <summary>The records, as they are stored: compressed unless <see cref="Compression"/> is none.</summary>
    public ReadOnlySpan<byte> Records => Bytes[RecordBatchFormat.RecordsAt..];

    public bool IsCrcValid() => Crc32C.Compute(Bytes[RecordBatchFormat.AttributesAt..]) == Crc;

    /// <summary>The first batch of <paramref name="bytes"/>, all of which must be there. The CRC is not checked.</summary>
    public static RecordBatchProblem TryParse(ReadOnlySpan<byte> bytes, out RecordBatchView batch)
    {
        var problem = TryParseHeader(bytes, out batch);
        return problem == RecordBatchProblem.None && batch.SizeBytes > bytes.Length ? RecordBatchProblem.TooShort : problem;
    }

    /// <summary>Like <see cref="TryParse"/>, but the header is enough.</summary>
    public static RecordBatchProblem TryParseHeader(ReadOnlySpan<byte> bytes, out RecordBatchView batch)
    {
        batch = new RecordBatchView(bytes);
        return bytes.Length switch
        {
            // What is there is looked at before more is asked for: zeros or text at the end of a file are no torn batch.
            > RecordBatchFormat.MagicAt when batch.Magic != RecordBatchFormat.Magic => RecordBatchProblem.BadMagic,
            >= RecordBatchFormat.LogOverheadBytes when !HasGoodLength(bytes) => RecordBatchProblem.BadLength,
            < RecordBatchFormat.HeaderBytes => RecordBatchProblem.TooShort,
            _ => CheckFields(batch),
        };
    }

    private static bool HasGoodLength(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadInt32BigEndian(bytes[RecordBatchFormat.LengthAt..])
            is >= RecordBatchFormat.LengthMin and <= int.MaxValue - RecordBatchFormat.LogOverheadBytes;

    private static RecordBatchProblem CheckFields(RecordBatchView batch)
    {
        var codec = batch.Compression;
        if (codec > CompressionCodec.Zstd)
        {
            return RecordBatchProblem.BadCodec;
        }

        var lastOffsetDelta = batch.LastOffsetDelta;
        if (lastOffsetDelta < 0 || batch.BaseOffset > long.MaxValue - 1 - lastOffsetDelta)
        {
            return RecordBatchProblem.BadOffset;
        }

        var recordsBytes = batch.SizeBytes - RecordBatchFormat.HeaderBytes;
        var count = batch.Count;
        var countMax = codec == CompressionCodec.None ? recordsBytes / RecordBatchFormat.RecordBytesMin : int.MaxValue;
        return count < 0 || count > countMax || count - 1 > lastOffsetDelta ? RecordBatchProblem.BadCount : RecordBatchProblem.None;
    }
}
