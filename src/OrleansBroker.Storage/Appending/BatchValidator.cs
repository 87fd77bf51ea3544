using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage.Appending;

/// <summary>
/// Whether batches may enter a log, as far as they themselves and the topic's configuration tell. The plain case looks at
/// header and CRC only; records are opened where the topic is compacted or its oldest timestamp is bounded.
/// </summary>
internal static class BatchValidator
{
    /// <summary>None in <paramref name="failure"/> where the batches are good.</summary>
    public static bool TryValidate(ReadOnlySpan<byte> batches, LogConfig config, in AppendOptions options, out AppendResult failure)
    {
        var count = 0;
        for (var rest = batches; rest.Length > 0; count++)
        {
            var problem = RecordBatchView.TryParse(rest, out var batch);
            if (problem != RecordBatchProblem.None)
            {
                failure = Refuse(problem);
                return false;
            }

            if (!TryValidateBatch(batch, count, config, options, out failure))
            {
                return false;
            }

            rest = rest[batch.SizeBytes..];
        }

        failure = count == 0 ? AppendResult.Failed(ErrorCode.InvalidRecord, "no record batch at all") : default;
        return count > 0;
    }

    private static bool TryValidateBatch(RecordBatchView batch, int index, LogConfig config, in AppendOptions options, out AppendResult failure)
    {
        // A follower takes what its leader has, whatever the size was configured to be since.
        if (batch.SizeBytes > config.MaxMessageBytes && options.Origin != AppendOrigin.Replication)
        {
            failure = AppendResult.Failed(
                ErrorCode.MessageTooLarge, $"a record batch of {batch.SizeBytes} bytes, where max.message.bytes is {config.MaxMessageBytes}");
            return false;
        }

        if (!batch.IsCrcValid())
        {
            failure = AppendResult.Failed(ErrorCode.CorruptMessage, "a record batch with a wrong CRC");
            return false;
        }

        if (options.Origin != AppendOrigin.Client)
        {
            failure = default;
            return true;
        }

        var refusal = index > 0 ? "more than one record batch for a partition" : RefusalOfHeader(batch);
        if (refusal is not null)
        {
            failure = AppendResult.Failed(ErrorCode.InvalidRecord, refusal);
            return false;
        }

        if (batch.IsTransactional)
        {
            failure = AppendResult.Failed(ErrorCode.InvalidTxnState, "a record batch outside of an ongoing transaction");
            return false;
        }

        return TryValidateRecords(batch, config, options.NowMs, out failure);
    }

    private static string? RefusalOfHeader(RecordBatchView batch)
    {
        if (batch.BaseOffset != 0)
        {
            return $"a record batch with base offset {batch.BaseOffset}, which should be 0";
        }

        if (batch.Count == 0 || batch.LastOffsetDelta != batch.Count - 1)
        {
            return $"a record batch of {batch.Count} records with last offset delta {batch.LastOffsetDelta}";
        }

        if (batch.IsControl)
        {
            return "clients are not allowed to write control records";
        }

        return batch.ProducerId != RecordBatchFormat.NoProducerId && batch.BaseSequence < 0
            ? $"a record batch of producer {batch.ProducerId} with sequence number {batch.BaseSequence}"
            : null;
    }

    private static bool TryValidateRecords(RecordBatchView batch, LogConfig config, long nowMs, out AppendResult failure)
    {
        if (batch.IsLogAppendTime && !config.LogAppendTime)
        {
            failure = AppendResult.Failed(ErrorCode.InvalidTimestamp, "producers may not set the timestamp type LogAppendTime");
            return false;
        }

        var bounded = !config.LogAppendTime;
        var tooNew = bounded && batch.MaxTimestamp > RecordInspector.NewestAllowed(config, nowMs);
        var oldestCounts = bounded && config.TimestampBeforeMaxMs != long.MaxValue;
        if (!config.Compact && !tooNew && !oldestCounts)
        {
            failure = default;
            return true;
        }

        if (!RecordInspector.TryInspect(batch, config, nowMs, out failure))
        {
            return false;
        }

        if (tooNew)
        {
            // Retention, rolling and the time index go by the header.
            failure = AppendResult.Failed(ErrorCode.InvalidTimestamp, $"a record batch with max timestamp {batch.MaxTimestamp}, which none of its records has");
            return false;
        }

        return true;
    }

    private static AppendResult Refuse(RecordBatchProblem problem) => problem switch
    {
        RecordBatchProblem.TooShort or RecordBatchProblem.BadLength or RecordBatchProblem.BadCodec =>
            AppendResult.Failed(ErrorCode.CorruptMessage, $"no whole record batch ({problem})"),
        _ => AppendResult.Failed(ErrorCode.InvalidRecord, $"no valid record batch of magic 2 ({problem})"),
    };
}
