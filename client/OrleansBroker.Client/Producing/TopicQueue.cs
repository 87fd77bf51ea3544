using OrleansBroker.Client.Metadata;
using OrleansBroker.Protocol;

namespace OrleansBroker.Client.Producing;

/// <summary>
/// A topic that is produced to: its partitions, once they are known, the partition that takes records which may go anywhere, and
/// the records that wait. As long as any waits, all that come later wait behind it, so that the order of the calls is kept.
/// </summary>
internal sealed class TopicQueue(RecordAccumulator accumulator, string name)
{
    private readonly Lock _gate = new();
    private readonly Queue<WaitingRecord> _waiting = new();
    private PartitionQueue[] _everKnown = [];
    private volatile PartitionQueue[] _partitions = [];
    private Guid _id;
    private volatile bool _hasWaiting;
    private int _sticky = -1;
    private int _stickyBytes;

    public string Name => name;

    public bool HasWaiting => _hasWaiting;

    public int PartitionCount => _partitions.Length;

    /// <summary>Appends a record unless it has to wait: for others, for room, or for its partition to be known.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The partitioner chose a partition that there is not.</exception>
    public bool TryAppend(in RecordToAppend record) => !_hasWaiting && !accumulator.IsShortOfRoom && TryAppendNow(record, taken: null);

    /// <summary>Has a record wait, unless it can be appended by now.</summary>
    public void Wait(in RecordToAppend record, long nowMs, long blockMaxMs, TaskCompletionSource? accepted, CancellationToken cancellation)
    {
        lock (_gate)
        {
            var waiting = new WaitingRecord(record, nowMs, nowMs + blockMaxMs, accumulator.EnterPhase(), accepted);
            waiting.CancelBy(cancellation);
            _waiting.Enqueue(waiting);
            _hasWaiting = true;
        }

        accumulator.NoteWaiting(this);
    }

    /// <summary>The sender's: appends what waits, in order, as far as there is room, and gives up what has waited for too long.</summary>
    /// <param name="view">What the cluster says about the topic; null for nothing.</param>
    /// <param name="nextDeadlineMs">When the first of those that still wait is to be given up.</param>
    /// <returns>What the first of those that still wait does wait for.</returns>
    public WaitReason AppendWaiting(long nowMs, TopicView? view, out long nextDeadlineMs)
    {
        nextDeadlineMs = long.MaxValue;
        lock (_gate)
        {
            while (_waiting.TryPeek(out var record))
            {
                if (record.IsCancelled)
                {
                    record.TryTake();
                    record.Phase.Leave();
                }
                else if (Refusal(record, view) is { } refusal)
                {
                    GiveUp(record, refusal);
                }
                else if (!TryAppendNow(record.Record, record))
                {
                    if (record.DeadlineMs > nowMs)
                    {
                        nextDeadlineMs = record.DeadlineMs;
                        return IsKnown(record.Partition) ? WaitReason.Room : WaitReason.Metadata;
                    }

                    GiveUp(record, TooLate(record));
                }

                _waiting.Dequeue();
            }

            _hasWaiting = false;
            return WaitReason.None;
        }
    }

    /// <summary>The sender's: tells everyone who waits that it is in vain.</summary>
    public void GiveUpWaiting(KafkaException reason)
    {
        lock (_gate)
        {
            while (_waiting.TryDequeue(out var record))
            {
                GiveUp(record, Refused(record, reason.Error, reason.Message));
            }

            _hasWaiting = false;
        }
    }

    /// <summary>
    /// The sender's: takes note of partitions that the topic has got. It loses some only by being deleted and created again; what
    /// is on its way to those waits for them, as long as <c>delivery.timeout.ms</c> allows.
    /// </summary>
    public void Grow(TopicView view)
    {
        var count = view.Partitions.Length;
        if (count == 0)
        {
            return;
        }

        if (view.Id != _id)
        {
            // Its brokers know nothing of what was sent to the one before.
            _id = view.Id;
            Array.ForEach(_everKnown, static partition => partition.IsSequenceKnown = false);
        }
        else if (count <= _partitions.Length)
        {
            return;
        }

        _everKnown = [.. _everKnown, .. view.Partitions.Skip(_everKnown.Length).Select(added => new PartitionQueue(accumulator, new TopicPartition(name, added.Index)))];
        _partitions = _everKnown[..count];
    }

    private bool IsKnown(int partition) => _partitions.Length > Math.Max(partition, 0);

    /// <param name="taken">The record where it has waited.</param>
    private bool TryAppendNow(in RecordToAppend record, WaitingRecord? taken)
    {
        var partitions = _partitions;
        if (!IsKnown(record.Partition) || !accumulator.Budget.TryReserve(record.SizeBytes))
        {
            return false;
        }

        var partition = record.Partition;
        try
        {
            partition = partition == IPartitioner.Any ? accumulator.Partitioner.Partition(name, record.Key.Span, record.Key.HasValue, partitions.Length) : partition;
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partition, partitions.Length);
            ArgumentOutOfRangeException.ThrowIfLessThan(partition, IPartitioner.Any);
        }
        catch (Exception e)
        {
            accumulator.Budget.Release(record.SizeBytes);
            if (taken is null)
            {
                throw;
            }

            GiveUp(taken, e);
            return true;
        }

        if (taken is not null && !taken.TryTake())
        {
            accumulator.Budget.Release(record.SizeBytes);
            taken.Phase.Leave();
            return true;
        }

        partitions[partition >= 0 ? partition : Sticky(partitions, record.SizeBytes)].Append(record, taken?.Phase);
        taken?.Accepted?.TrySetResult();
        return true;
    }

    /// <summary>
    /// The partition that takes records which may go anywhere, until it has taken a batch of them (KIP-794). The next is the less
    /// loaded of two that chance picks: a partition whose broker is slow gets fewer records.
    /// </summary>
    private int Sticky(PartitionQueue[] partitions, int sizeBytes)
    {
        var sticky = Volatile.Read(ref _sticky);
        if ((uint)sticky < (uint)partitions.Length && Interlocked.Add(ref _stickyBytes, sizeBytes) <= accumulator.BatchBytesMax)
        {
            return sticky;
        }

        var one = Random.Shared.Next(partitions.Length);
        var other = Random.Shared.Next(partitions.Length);
        var next = partitions[one].QueuedBytes <= partitions[other].QueuedBytes ? one : other;
        if (Interlocked.CompareExchange(ref _sticky, next, sticky) is var taken && taken != sticky)
        {
            return taken < partitions.Length ? taken : next;
        }

        Volatile.Write(ref _stickyBytes, sizeBytes);
        return next;
    }

    /// <summary>Why a record waits in vain; null where it may be that it does not.</summary>
    private ProduceException? Refusal(WaitingRecord record, TopicView? view)
    {
        if (view is null || view.Error is ErrorCode.UnknownTopicOrPartition || view.Error.IsRetriable())
        {
            return null;
        }

        if (view.Error is not ErrorCode.None)
        {
            return Refused(record, view.Error, "the topic cannot be produced to");
        }

        // A partition may have been added just before the record came.
        var isMissing = record.Partition >= view.Partitions.Length && view.AskedMs > record.CameMs;
        return isMissing ? Refused(record, ErrorCode.UnknownTopicOrPartition, $"the topic has {view.Partitions.Length} partitions") : null;
    }

    private ProduceException TooLate(WaitingRecord record) => IsKnown(record.Partition)
        ? Refused(record, ErrorCode.RequestTimedOut, "no room in the buffer for as long as max.block.ms allows")
        : Refused(record, ErrorCode.UnknownTopicOrPartition, "not in the cluster's metadata for as long as max.block.ms allows");

    private ProduceException Refused(WaitingRecord record, ErrorCode error, string message) =>
        new(error, message, new TopicPartition(name, record.Partition), PersistenceStatus.NotPersisted);

    private static void GiveUp(WaitingRecord record, Exception reason)
    {
        if (record.TryTake())
        {
            record.Fail(reason);
        }

        record.Phase.Leave();
    }
}
