using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Abstractions.Partitions;

/// <summary>Records in place of record batches, and <see cref="BrokerException"/> in place of error codes.</summary>
public static class PartitionGrainExtensions
{
    /// <summary>The most that the records of one read may take when they are decompressed; a batch that does not fit behind others is left to the next read.</summary>
    private const int DecompressedBytesMax = 256 << 20;

    /// <summary>Appends records as one batch; all of them or none.</summary>
    /// <returns>The offset of the first; the others follow it.</returns>
    /// <exception cref="BrokerException">They were refused, or it is not known what became of them.</exception>
    public static async Task<long> AppendAsync(this IPartitionGrain partition, IReadOnlyList<ProducerRecord> records, AppendOptions? options = null)
    {
        options ??= new AppendOptions();
        var response = await partition.AppendAsync(new AppendRequest
        {
            Batch = ToBatch(records, options),
            Acks = options.Acks,
            TimeoutMs = (int)Math.Clamp(options.Timeout.TotalMilliseconds, 0, AppendRequest.TimeoutMsMax),
        });
        BrokerException.ThrowIfFailed(response.Error, response.ErrorMessage);
        return response.BaseOffset;
    }

    /// <summary>Reads the records from an offset on, and waits for the first for as long as is given.</summary>
    /// <param name="maxBytes">Of batches; at least one is read, however large.</param>
    /// <exception cref="BrokerException">OFFSET_OUT_OF_RANGE where the records are gone or not there yet, and as Fetch answers.</exception>
    public static async Task<RecordsRead> ReadAsync(this IPartitionGrain partition, long offset, TimeSpan maxWait, int maxBytes = 1 << 20, bool isReadCommitted = false)
    {
        var response = await partition.ReadAsync(new ReadRequest
        {
            Offset = offset,
            MaxBytes = maxBytes,
            MaxWaitMs = (int)Math.Clamp(maxWait.TotalMilliseconds, 0, ReadRequest.MaxWaitMsMax),
            IsReadCommitted = isReadCommitted,
        });
        BrokerException.ThrowIfFailed(response.Error);
        var records = new List<ConsumerRecord>();
        var next = ReadBatches(response.Batches.Span, offset, records);
        return new RecordsRead(records, next, response.HighWatermark, response.LogStartOffset);
    }

    /// <summary>The offset of the first record that is still there.</summary>
    /// <exception cref="BrokerException">As ListOffsets answers.</exception>
    public static async Task<long> EarliestOffsetAsync(this IPartitionGrain partition) =>
        (await FindAsync(partition, ListOffsetsRequest.EarliestTimestamp, false)).Offset;

    /// <summary>The end of what may be read, exclusive.</summary>
    /// <exception cref="BrokerException">As ListOffsets answers: OFFSET_NOT_AVAILABLE for a moment after an election.</exception>
    public static async Task<long> LatestOffsetAsync(this IPartitionGrain partition, bool isReadCommitted = false) =>
        (await FindAsync(partition, ListOffsetsRequest.LatestTimestamp, isReadCommitted)).Offset;

    /// <summary>The first record of a time or later; null where there is none.</summary>
    /// <exception cref="BrokerException">As ListOffsets answers.</exception>
    public static async Task<long?> FindOffsetAsync(this IPartitionGrain partition, DateTimeOffset timestamp) =>
        await FindAsync(partition, Math.Max(timestamp.ToUnixTimeMilliseconds(), 0), false) is { Offset: >= 0 } found ? found.Offset : null;

    private static async Task<FindOffsetResponse> FindAsync(IPartitionGrain partition, long timestamp, bool isReadCommitted)
    {
        var response = await partition.FindOffsetAsync(new FindOffsetRequest { Timestamp = timestamp, IsReadCommitted = isReadCommitted });
        BrokerException.ThrowIfFailed(response.Error);
        return response;
    }

    private static byte[] ToBatch(IReadOnlyList<ProducerRecord> records, AppendOptions options)
    {
        using var builder = new RecordBatchBuilder(options.Compression);
        if (options.ProducerId is { } producer)
        {
            (builder.ProducerId, builder.ProducerEpoch, builder.BaseSequence) = (producer, options.ProducerEpoch, options.BaseSequence);
        }

        var now = DateTimeOffset.UtcNow;
        foreach (var record in records)
        {
            builder.Append((record.Timestamp ?? now).ToUnixTimeMilliseconds(), Bytes(record.Key), Bytes(record.Value), [.. record.Headers]);
        }

        return builder.Build().ToArray();
    }

    private static NullableBytes Bytes(ReadOnlyMemory<byte>? bytes) => bytes is { } some ? some : NullableBytes.Null;

    /// <returns>The offset behind the last batch; <paramref name="from"/> where there is none.</returns>
    internal static long ReadBatches(ReadOnlySpan<byte> batches, long from, List<ConsumerRecord> records, int bytesMax = DecompressedBytesMax)
    {
        using var scratch = new PooledBuffer();
        var (next, bytesLeft) = (from, bytesMax);
        while (!batches.IsEmpty)
        {
            var batch = new RecordBatchView(batches);
            if (!batch.IsControl && !TryReadBatch(batch, from, scratch, isFirst: bytesLeft == bytesMax, ref bytesLeft, records))
            {
                break;
            }

            next = batch.NextOffset;
            batches = batches[batch.SizeBytes..];
        }

        return Math.Max(next, from);
    }

    /// <returns>False where there is no room for it behind those before it: the next read begins with it.</returns>
    private static bool TryReadBatch(RecordBatchView batch, long from, PooledBuffer scratch, bool isFirst, ref int bytesLeft, List<ConsumerRecord> records)
    {
        RecordReader reader;
        scratch.Clear();
        try
        {
            reader = RecordReader.Open(batch, scratch, bytesLeft);
        }
        catch (MalformedMessageException) when (!isFirst)
        {
            return false;
        }

        bytesLeft -= scratch.Length;
        while (reader.TryRead(out var record))
        {
            var offset = batch.BaseOffset + record.OffsetDelta;
            if (offset >= from)
            {
                var timestamp = batch.IsLogAppendTime ? batch.MaxTimestamp : batch.BaseTimestamp + record.TimestampDelta;
                records.Add(new ConsumerRecord(offset, ToTime(timestamp), Own(record.Key, record.HasKey), Own(record.Value, record.HasValue), HeadersOf(record)));
            }
        }

        return true;
    }

    // A producer may write any number.
    private static DateTimeOffset ToTime(long timestampMs) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(timestampMs, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    // A null by itself would become empty memory.
    private static ReadOnlyMemory<byte>? Own(ReadOnlySpan<byte> bytes, bool isThere) => isThere ? bytes.ToArray() : default(ReadOnlyMemory<byte>?);

    private static RecordHeader[] HeadersOf(RecordView record)
    {
        if (record.HeaderCount == 0)
        {
            return [];
        }

        var headers = new List<RecordHeader>(record.HeaderCount);
        foreach (var header in record.Headers)
        {
            headers.Add(header.ToHeader());
        }

        return [.. headers];
    }
}
