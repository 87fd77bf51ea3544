using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage.Cleaning;

/// <summary>
/// Compacts one batch. What stays keeps its offset, timestamp and place in the batch, and the batch its codec, offsets,
/// producer, epoch and sequence numbers. A batch whose records all stay is not touched, unless it is the first time that the
/// cleaner meets its tombstones: then it gets its delete horizon.
/// </summary>
internal sealed class BatchFilter(BatchOpener opener) : IDisposable
{
    private readonly RecordBatchBuilder?[] _builders = new RecordBatchBuilder?[(int)CompressionCodec.Zstd + 1];

    /// <param name="keepEmpty">The batch stays even without records: it is the last of its producer, or of the run.</param>
    /// <param name="output">Receives the batch where it is rewritten.</param>
    public BatchOutcome Apply(RecordBatchView batch, CompactionRules rules, bool keepEmpty, PooledBuffer output)
    {
        // Markers of transactions stay.
        if (batch.IsControl)
        {
            return BatchOutcome.Unchanged;
        }

        var records = opener.Open(batch);
        var survey = Survey(batch, records, rules);
        if (survey.Kept == 0 && !keepEmpty)
        {
            return BatchOutcome.Dropped;
        }

        var needsHorizon = survey.HasTombstone && !batch.HasDeleteHorizon;
        if (survey.Kept == batch.Count && !needsHorizon)
        {
            return BatchOutcome.Unchanged;
        }

        var builder = _builders[(int)batch.Compression] ??= new RecordBatchBuilder(batch.Compression);
        builder.StartLike(batch);
        if (needsHorizon)
        {
            builder.SetDeleteHorizon(rules.NewDeleteHorizon);
        }

        AppendKept(batch, records, rules, builder);
        builder.BuildInto(output);
        return BatchOutcome.Rewritten;
    }

    /// <summary>Gives back the memory.</summary>
    public void Dispose()
    {
        for (var codec = 0; codec < _builders.Length; codec++)
        {
            _builders[codec]?.Dispose();
            _builders[codec] = null;
        }
    }

    private static (int Kept, bool HasTombstone) Survey(RecordBatchView batch, RecordReader records, CompactionRules rules)
    {
        var kept = 0;
        var hasTombstone = false;
        var lastDelta = -1;
        while (BatchOpener.TryRead(ref records, batch, ref lastDelta, out var record))
        {
            if (Keeps(batch, record, rules))
            {
                kept++;
                hasTombstone |= !record.HasValue;
            }
        }

        return (kept, hasTombstone);
    }

    private static void AppendKept(RecordBatchView batch, RecordReader records, CompactionRules rules, RecordBatchBuilder builder)
    {
        while (records.TryRead(out var record))
        {
            if (Keeps(batch, record, rules))
            {
                builder.Append(record.OffsetDelta, unchecked(batch.BaseTimestamp + record.TimestampDelta), record);
            }
        }
    }

    private static bool Keeps(RecordBatchView batch, RecordView record, CompactionRules rules) => rules.Keeps(
        batch.BaseOffset + record.OffsetDelta, record.Key, record.HasKey, record.HasValue, batch.HasDeleteHorizon ? batch.BaseTimestamp : null);
}
