using System.Runtime.CompilerServices;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage.Producers;

/// <summary>What a log remembers of one idempotent producer: its epoch and its last batches, a retry of which is a duplicate.</summary>
internal sealed class ProducerState(long producerId)
{
    private Remembered _batches;
    private int _first;

    public long ProducerId => producerId;

    public short Epoch { get; private set; } = RecordBatchFormat.NoProducerEpoch;

    public int BatchCount { get; private set; }

    public long LastTimestampMs { get; private set; } = RecordBatchFormat.NoTimestamp;

    /// <summary>Of the transaction coordinator that last ended a transaction; -1 as long as there are none.</summary>
    public int CoordinatorEpoch { get; init; } = -1;

    /// <summary>-1 outside of a transaction.</summary>
    public long CurrentTransactionStartOffset { get; init; } = -1;

    public ProducerBatch LastBatch => BatchCount == 0
        ? new ProducerBatch(RecordBatchFormat.NoSequence, RecordBatchFormat.NoSequence, -1, -1, LastTimestampMs)
        : Batch(BatchCount - 1);

    /// <summary>One of those that are remembered: 0 is the oldest.</summary>
    public ProducerBatch Batch(int index) => _batches[(_first + index) % Remembered.Length];

    public bool TryFindDuplicate(short epoch, int firstSequence, int lastSequence, out ProducerBatch batch)
    {
        for (var i = 0; epoch == Epoch && i < BatchCount; i++)
        {
            batch = Batch(i);
            if (batch.FirstSequence == firstSequence && batch.LastSequence == lastSequence)
            {
                return true;
            }
        }

        batch = default;
        return false;
    }

    public void Add(short epoch, in ProducerBatch batch)
    {
        if (epoch != Epoch)
        {
            Epoch = epoch;
            BatchCount = 0;
        }

        if (BatchCount == Remembered.Length)
        {
            _first = (_first + 1) % Remembered.Length;
            BatchCount--;
        }

        _batches[(_first + BatchCount++) % Remembered.Length] = batch;
        LastTimestampMs = batch.TimestampMs;
    }

    /// <summary>A producer of whom an epoch is known and no batch.</summary>
    public void SetEpoch(short epoch, long timestampMs) => (Epoch, LastTimestampMs, BatchCount) = (epoch, timestampMs, 0);

    public ActiveProducer Describe() => new(
        new ProducerId(producerId), Epoch, LastBatch.LastSequence, LastBatch.LastOffset, LastTimestampMs, CoordinatorEpoch, CurrentTransactionStartOffset);

    /// <summary>As many as a client may have in flight.</summary>
    [InlineArray(Length)]
    private struct Remembered
    {
        public const int Length = 5;

        private ProducerBatch _element;
    }
}
