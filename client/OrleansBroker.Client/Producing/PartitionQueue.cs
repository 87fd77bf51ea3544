using OrleansBroker.Protocol;

namespace OrleansBroker.Client.Producing;

/// <summary>
/// One partition's batches, from the first record to the broker's answer:
/// <code>
///  records --> [ open | full | full ] --> in flight --> told and forgotten
///               queue, under a lock          |  ^
///                                            v  |
///                                          retries
/// </code>
/// Any thread appends to the open batch; all else is the sender's alone, and needs no lock.
/// </summary>
internal sealed class PartitionQueue(RecordAccumulator accumulator, TopicPartition name)
{
    private readonly Lock _gate = new();
    private readonly Queue<ProducerBatch> _queue = new();
    private ProducerBatch? _open;
    private bool _isActive;
    private int _queuedBytes;

    public TopicPartition Name => name;

    /// <summary>Bytes of records that nobody has sent yet.</summary>
    public int QueuedBytes => Volatile.Read(ref _queuedBytes);

    /// <summary>Sent and not answered, in the order in which they were sent.</summary>
    public List<ProducerBatch> InFlight { get; } = [];

    /// <summary>To be sent again, before anything of the queue and in this order, which is that of their sequence numbers.</summary>
    public List<ProducerBatch> Retries { get; } = [];

    /// <summary>The <see cref="ProducerBatch.SentOrder"/> of the next batch that is sent for the first time.</summary>
    public long NextSentOrder { get; set; }

    /// <summary>The broker that has what is in flight.</summary>
    public int InFlightBroker { get; set; } = -1;

    /// <summary>When the partition may be tried again after a failure.</summary>
    public long NotBeforeMs { get; set; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; set; }

    /// <summary>A batch has come back, and those behind it may come back as well: nothing is sent before all of them have.</summary>
    public bool IsRecovering { get; set; }

    public ProducerIdentity Identity { get; set; } = ProducerIdentity.None;

    /// <summary>Of the next batch that is sent for the first time.</summary>
    public int NextSequence { get; set; }

    /// <summary>The sequence has a gap that nothing can fill: it is to begin anew under a higher epoch (KIP-360).</summary>
    public bool NeedsNewSequence { get; set; }

    /// <summary>
    /// A batch under <see cref="Identity"/> was acknowledged, so that the broker knows what comes next. Before that it takes any
    /// sequence number for the first: a batch behind one that was refused would go before it.
    /// </summary>
    public bool IsSequenceKnown { get; set; }

    public bool HasUnanswered => InFlight.Count > 0 || Retries.Count > 0;

    /// <summary>Appends a record to the open batch, or to a new one where that has no room for it.</summary>
    /// <param name="inherited">The record's entry in a phase, which it had before; null where the batch enters the one that is open.</param>
    public void Append(in RecordToAppend record, FlushPhase? inherited)
    {
        bool isNews;
        lock (_gate)
        {
            var batch = _open;
            isNews = batch is null || batch.SizeBytes + record.SizeBytes > accumulator.BatchBytesMax;
            var phase = inherited ?? (isNews ? accumulator.EnterPhase() : null);
            if (isNews)
            {
                batch = _open = accumulator.StartBatch(this);
                _queue.Enqueue(batch);
                Activate();
            }

            batch!.Append(record);
            _queuedBytes += record.SizeBytes;
            isNews |= batch.SizeBytes >= accumulator.BatchBytesMax;
            if (phase is not null)
            {
                batch.Join(phase);
            }
        }

        if (isNews)
        {
            accumulator.Wake();
        }
    }

    /// <summary>The batch that is to be sent next, without retries.</summary>
    /// <param name="isFull">Whether it waits for no more records.</param>
    public ProducerBatch? Peek(out bool isFull)
    {
        lock (_gate)
        {
            _queue.TryPeek(out var batch);
            isFull = batch is not null && (batch != _open || batch.SizeBytes >= accumulator.BatchBytesMax);
            return batch;
        }
    }

    /// <summary>Takes the batch that <see cref="Peek"/> answered; nothing more is appended to it.</summary>
    public ProducerBatch Take()
    {
        lock (_gate)
        {
            var batch = _queue.Dequeue();
            _queuedBytes -= batch.ReservedBytes;
            if (batch == _open)
            {
                _open = null;
            }

            return batch;
        }
    }

    /// <summary>Where the partition has nothing to do, has the next record activate it again.</summary>
    public bool TryDeactivate()
    {
        lock (_gate)
        {
            if (_queue.Count > 0 || HasUnanswered)
            {
                return false;
            }

            _isActive = false;
            return true;
        }
    }

    /// <summary>Signs what has no sequence number with the next one.</summary>
    public void Sign(ProducerBatch batch)
    {
        batch.Sign(Identity, NextSequence);
        NextSequence = batch.NextSequence;
    }

    /// <summary>Begins sequences anew, with what is to be sent again. Nothing may be in flight.</summary>
    public void Restart(ProducerIdentity identity)
    {
        Identity = identity;
        NextSequence = 0;
        IsSequenceKnown = false;
        NeedsNewSequence = false;
        foreach (var batch in Retries)
        {
            Sign(batch);
        }
    }

    /// <summary>Puts a batch back, in its place among those that are to be sent again.</summary>
    public void Retry(ProducerBatch batch)
    {
        // Batches come back in the order in which they were sent, but from two connections in any.
        var at = Retries.Count;
        while (at > 0 && batch.IsBefore(Retries[at - 1]))
        {
            at--;
        }

        Retries.Insert(at, batch);
        IsRecovering = true;
    }

    private void Activate()
    {
        if (!_isActive)
        {
            _isActive = true;
            accumulator.Activate(this);
        }
    }
}
