using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage.Appending;

/// <summary>Opens a batch to look at every record: keys for compacted topics, timestamps for bounded ones.</summary>
internal static class RecordInspector
{
    /// <summary>The most that a batch may decompress to.</summary>
    public const int DecompressedBytesMax = 128 << 20;

    /// <summary>The most record errors in an answer.</summary>
    private const int RecordErrorsMax = 100;

    public static bool TryInspect(RecordBatchView batch, LogConfig config, long nowMs, out AppendResult failure)
    {
        using var scratch = new PooledBuffer();
        try
        {
            var errors = new List<RecordError>();
            var onlyTimestamps = true;
            var records = RecordReader.Open(batch, scratch, DecompressedBytesMax);
            for (var index = 0; records.TryRead(out var record) && errors.Count < RecordErrorsMax; index++)
            {
                if (config.Compact && !record.HasKey)
                {
                    onlyTimestamps = false;
                    errors.Add(new RecordError(index, "a record without key in a compacted topic"));
                }
                else if (!config.LogAppendTime && IsOutOfBounds(batch.BaseTimestamp + record.TimestampDelta, config, nowMs))
                {
                    errors.Add(new RecordError(index, $"timestamp {batch.BaseTimestamp + record.TimestampDelta} is too far from {nowMs}"));
                }
            }

            failure = errors.Count == 0 ? default : AppendResult.Failed(
                onlyTimestamps ? ErrorCode.InvalidTimestamp : ErrorCode.InvalidRecord,
                $"record {errors[0].BatchIndex}: {errors[0].Message}",
                [.. errors]);
            return errors.Count == 0;
        }
        catch (Exception e) when (e is MalformedMessageException or OverflowException)
        {
            failure = AppendResult.Failed(ErrorCode.InvalidRecord, e.Message);
        }
        catch (NotSupportedException e)
        {
            failure = AppendResult.Failed(ErrorCode.UnsupportedCompressionType, e.Message);
        }

        return false;
    }

    public static long NewestAllowed(LogConfig config, long nowMs) =>
        config.TimestampAfterMaxMs > long.MaxValue - nowMs ? long.MaxValue : nowMs + config.TimestampAfterMaxMs;

    private static bool IsOutOfBounds(long timestampMs, LogConfig config, long nowMs) =>
        timestampMs != RecordBatchFormat.NoTimestamp
        && (timestampMs > NewestAllowed(config, nowMs) || timestampMs < nowMs - config.TimestampBeforeMaxMs);
}
