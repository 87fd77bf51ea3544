using System.Buffers.Binary;

namespace OrleansBroker.Protocol.Records;

/// <summary>What the leader writes into a batch where it lies, before it appends it.</summary>
public static class RecordBatchStamp
{
    /// <summary>Outside the CRC.</summary>
    public static void BaseOffset(Span<byte> batch, long offset) =>
        BinaryPrimitives.WriteInt64BigEndian(batch[RecordBatchFormat.BaseOffsetAt..], offset);

    /// <summary>Outside the CRC.</summary>
    public static void PartitionLeaderEpoch(Span<byte> batch, int leaderEpoch) =>
        BinaryPrimitives.WriteInt32BigEndian(batch[RecordBatchFormat.PartitionLeaderEpochAt..], leaderEpoch);

    /// <summary>
    /// Makes the time of the append the timestamp of every record: sets timestamp type and max timestamp, and the CRC anew.
    /// The records' own timestamps stay where they are and count for nothing.
    /// </summary>
    /// <param name="batch">The whole batch; may go on after it.</param>
    public static void LogAppendTime(Span<byte> batch, long timestampMs)
    {
        var attributes = batch[RecordBatchFormat.AttributesAt..];
        var stamped = (short)(BinaryPrimitives.ReadInt16BigEndian(attributes) | RecordBatchFormat.LogAppendTimeFlag);
        BinaryPrimitives.WriteInt16BigEndian(attributes, stamped);
        BinaryPrimitives.WriteInt64BigEndian(batch[RecordBatchFormat.MaxTimestampAt..], timestampMs);
        Crc(batch);
    }

    /// <summary>Computes the CRC of the batch and writes it.</summary>
    /// <param name="batch">The whole batch; may go on after it.</param>
    public static void Crc(Span<byte> batch)
    {
        var sizeBytes = new RecordBatchView(batch).SizeBytes;
        var crc = Crc32C.Compute(batch[RecordBatchFormat.AttributesAt..sizeBytes]);
        BinaryPrimitives.WriteUInt32BigEndian(batch[RecordBatchFormat.CrcAt..], crc);
    }
}
