using OrleansBroker.Protocol;

namespace OrleansBroker.Storage;

/// <summary>What a log remembers of an idempotent producer, as DescribeProducers tells it.</summary>
/// <param name="LastSequence">-1 where none is remembered.</param>
/// <param name="LastOffset">Of its last batch; -1 where none is remembered. Compaction keeps this batch's header.</param>
public readonly record struct ActiveProducer(
    ProducerId Id, short Epoch, int LastSequence, long LastOffset, long LastTimestampMs, int CoordinatorEpoch, long CurrentTransactionStartOffset);
