using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage.Producers;

/// <summary>
/// The idempotent producers of a log, as of <see cref="EndOffset"/>. <see cref="Check"/> says whether a batch may be
/// appended, <see cref="Update"/> remembers it once it was. Guarded by the log's lock.
/// <code>
///  producer     epoch          sequence                     a batch is
///  unknown      any            any                          appended (its earlier batches may be gone by retention)
///  known        older          any                          refused: InvalidProducerEpoch
///  known        same           one of the last 5 batches    a duplicate
///  known        same           follows the last             appended
///  known        newer          0                            appended
///  known        same or newer  anything else                refused: OutOfOrderSequenceNumber
/// </code>
/// </summary>
internal sealed class ProducerStateTable
{
    // Most logs never meet an idempotent producer.
    private Dictionary<long, ProducerState>? _producers;

    /// <summary>Batches before it are remembered.</summary>
    public long EndOffset { get; set; }

    /// <summary>Of the newest snapshot.</summary>
    public long SnapshotOffset { get; set; }

    public int Count => _producers?.Count ?? 0;

    public IReadOnlyCollection<ProducerState> Producers => (IReadOnlyCollection<ProducerState>?)_producers?.Values ?? [];

    public ErrorCode Check(RecordBatchView batch, AppendOrigin origin, out ProducerBatch duplicate)
    {
        duplicate = default;
        if (batch.ProducerId == RecordBatchFormat.NoProducerId || origin == AppendOrigin.Replication
            || _producers is null || !_producers.TryGetValue(batch.ProducerId, out var state))
        {
            return ErrorCode.None;
        }

        if (batch.ProducerEpoch < state.Epoch)
        {
            return ErrorCode.InvalidProducerEpoch;
        }

        if (origin != AppendOrigin.Client)
        {
            return ErrorCode.None;
        }

        if (state.TryFindDuplicate(batch.ProducerEpoch, batch.BaseSequence, batch.LastSequence, out duplicate))
        {
            return ErrorCode.DuplicateSequenceNumber;
        }

        var last = state.LastBatch.LastSequence;
        var inOrder = batch.ProducerEpoch != state.Epoch
            ? batch.BaseSequence == 0
            : batch.BaseSequence == (last == RecordBatchFormat.NoSequence ? 0 : ProducerBatch.Next(last));
        return inOrder ? ErrorCode.None : ErrorCode.OutOfOrderSequenceNumber;
    }

    /// <summary>What a refused client needs to be told.</summary>
    public string Describe(RecordBatchView batch)
    {
        var state = _producers?.GetValueOrDefault(batch.ProducerId);
        return $"producer {batch.ProducerId} sent epoch {batch.ProducerEpoch}, sequence {batch.BaseSequence}; "
            + $"the log has epoch {state?.Epoch ?? -1}, last sequence {state?.LastBatch.LastSequence ?? -1}";
    }

    public void Update(RecordBatchView batch)
    {
        EndOffset = batch.NextOffset;
        if (batch.ProducerId == RecordBatchFormat.NoProducerId || batch.IsControl)
        {
            return;
        }

        _producers ??= [];
        if (!_producers.TryGetValue(batch.ProducerId, out var state))
        {
            _producers.Add(batch.ProducerId, state = new ProducerState(batch.ProducerId));
        }

        state.Add(
            batch.ProducerEpoch,
            new ProducerBatch(batch.BaseSequence, batch.LastSequence, batch.BaseOffset, batch.LastOffset, batch.MaxTimestamp));
    }

    public void Load(ProducerState state) => (_producers ??= [])[state.ProducerId] = state;

    public void Clear(long endOffset)
    {
        _producers = null;
        EndOffset = endOffset;
    }

    public void RemoveExpired(long nowMs, long expirationMs)
    {
        if (_producers is null)
        {
            return;
        }

        foreach (var (id, state) in _producers)
        {
            if (state.LastTimestampMs <= nowMs - expirationMs && state.CurrentTransactionStartOffset < 0)
            {
                _producers.Remove(id);
            }
        }
    }
}
