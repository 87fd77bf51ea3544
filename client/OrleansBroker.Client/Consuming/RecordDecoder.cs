using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client.Consuming;

/// <summary>Makes records of what was fetched, some at a time.</summary>
internal sealed class RecordDecoder<TKey, TValue>(IDeserializer<TKey> keys, IDeserializer<TValue> values, bool checksCrcs)
{
    /// <summary>The most that the records of one batch may decompress to: as much as a broker's largest request.</summary>
    private const int BatchBytesMax = 256 << 20;

    /// <summary>Appends the next records of the part, until there are <paramref name="countMax"/>.</summary>
    /// <returns>Whether all of the part has been read.</returns>
    /// <exception cref="ConsumeException">The next record cannot be read. Those before it are appended first, and the part stays where it is.</exception>
    public bool Decode(FetchedPart part, List<ConsumeResult<TKey, TValue>> into, int countMax)
    {
        while (into.Count < countMax)
        {
            if (part.Records is null && !TryOpen(part, into.Count > 0))
            {
                return part.BatchAt >= part.Batches.Length;
            }

            var batch = new RecordBatchView(part.Batches.Span[part.BatchAt..]);
            if (!TryRead(part, batch, into, countMax))
            {
                return false;
            }

            part.NextOffset = Math.Max(part.NextOffset, batch.NextOffset);
            part.BatchAt += batch.SizeBytes;
            part.Records = null;
        }

        return part.BatchAt >= part.Batches.Length;
    }

    /// <returns>False at the end of the part, and where the batch is damaged and records before it are to be handed out first.</returns>
    private bool TryOpen(FetchedPart part, bool hasRecords)
    {
        if (part.BatchAt >= part.Batches.Length)
        {
            return false;
        }

        var bytes = part.Batches[part.BatchAt..];
        var batch = new RecordBatchView(bytes.Span);
        try
        {
            if (checksCrcs && !batch.IsCrcValid())
            {
                throw new MalformedMessageException("the checksum of a batch is wrong");
            }

            part.RecordsAt = 0;
            part.RecordsLeft = batch.IsControl ? 0 : batch.Count;
            part.Records = batch.Compression == CompressionCodec.None || part.RecordsLeft == 0
                ? bytes[RecordBatchFormat.RecordsAt..batch.SizeBytes]
                : Decompress(part, batch);
            return true;
        }
        catch (Exception e) when (e is MalformedMessageException or NotSupportedException)
        {
            return hasRecords ? false : throw Unreadable(part, e);
        }
    }

    private static ReadOnlyMemory<byte> Decompress(FetchedPart part, RecordBatchView batch)
    {
        part.Decompressed.Clear();
        RecordCompression.Decompress(batch.Compression, batch.Records, part.Decompressed, BatchBytesMax);
        return part.Decompressed.Memory;
    }

    /// <returns>Whether the batch was read to its end.</returns>
    private bool TryRead(FetchedPart part, RecordBatchView batch, List<ConsumeResult<TKey, TValue>> into, int countMax)
    {
        var reader = new RecordReader(part.Records!.Value.Span[part.RecordsAt..], part.RecordsLeft);
        try
        {
            while (part.RecordsLeft > 0 && into.Count < countMax && reader.TryRead(out var record))
            {
                var offset = batch.BaseOffset + record.OffsetDelta;
                if (offset >= part.NextOffset)
                {
                    part.NextOffset = offset;
                    into.Add(Read(part.Partition.Name, batch, record, offset));
                    part.NextOffset = offset + 1;
                }

                part.RecordsAt += record.SizeBytes;
                part.RecordsLeft--;
            }
        }
#pragma warning disable CA1031 // A deserializer is another's code, and may throw anything.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return into.Count > 0 ? false : throw Unreadable(part, e);
        }

        return part.RecordsLeft == 0;
    }

    private ConsumeResult<TKey, TValue> Read(TopicPartition name, RecordBatchView batch, RecordView record, long offset) => new()
    {
        TopicPartition = name,
        Offset = offset,
        LeaderEpoch = batch.PartitionLeaderEpoch,
        Key = record.HasKey ? keys.Deserialize(record.Key, new SerializationContext(MessageComponentType.Key, name.Topic)) : default,
        Value = record.HasValue ? values.Deserialize(record.Value, new SerializationContext(MessageComponentType.Value, name.Topic)) : default,
        Headers = record.HeaderCount == 0 ? default : ReadHeaders(record),
        TimestampMs = batch.IsLogAppendTime ? batch.MaxTimestamp : batch.BaseTimestamp + record.TimestampDelta,
        IsLogAppendTime = batch.IsLogAppendTime,
    };

    private static RecordHeader[] ReadHeaders(RecordView record)
    {
        var headers = new RecordHeader[record.HeaderCount];
        var next = 0;
        foreach (var header in record.Headers)
        {
            headers[next++] = header.ToHeader();
        }

        return headers;
    }

    private static ConsumeException Unreadable(FetchedPart part, Exception reason) => new(
        ErrorCode.CorruptMessage, $"the record cannot be read: {reason.Message}", new TopicPartitionOffset(part.Partition.Name, part.NextOffset), reason);
}
