namespace OrleansBroker.Client.Producing;

/// <summary>
/// Chooses what is sent next. Of a partition that is, in order: nothing while it rests after a failure, while something came
/// back and not all that was in flight has, while another broker has something of it, and while the first of a sequence is in
/// flight; then what is to be sent again; then the oldest batch of the queue, once it is full or has lingered. The sender's alone.
/// </summary>
internal sealed class BatchSelector(ProducerOptions options, RecordAccumulator accumulator, ProducerIdentitySource identity)
{
    private readonly long _lingerMs = (long)options.Linger.TotalMilliseconds;
    private long _nextMs;

    /// <summary>Whether a batch for the broker waits for nothing more.</summary>
    /// <param name="nextMs">When one may be due that is not yet.</param>
    public bool IsAnyDue(SenderNode node, long nowMs, CancellationToken stopping, out long nextMs)
    {
        _nextMs = long.MaxValue;
        var isAny = false;
        foreach (var partition in node.Partitions)
        {
            _ = NextOf(partition, node, nowMs, stopping, out var isDue);
            isAny |= isDue;
        }

        nextMs = _nextMs;
        return isAny;
    }

    /// <summary>Takes one batch of each partition that has one for the broker, due or not, as far as they fit into a request.</summary>
    public List<ProducerBatch> Take(SenderNode node, long nowMs, CancellationToken stopping)
    {
        var batches = new List<ProducerBatch>(node.Partitions.Count);
        var bytes = 0;
        foreach (var partition in node.Partitions)
        {
            var batch = NextOf(partition, node, nowMs, stopping, out _);
            if (batch is null || (batches.Count > 0 && bytes + batch.SizeBytes > options.MaxRequestSize))
            {
                continue;
            }

            bytes += batch.SizeBytes;
            if (!partition.Retries.Remove(batch))
            {
                partition.Take();
                batch.Place(partition.NextSentOrder++);
                if (options.EnableIdempotence)
                {
                    partition.Sign(batch);
                }
            }

            batch.Attempts++;
            partition.InFlight.Add(batch);
            partition.InFlightBroker = node.BrokerId;
            batches.Add(batch);
        }

        batches.Sort(static (one, other) => string.CompareOrdinal(one.Partition.Name.Topic, other.Partition.Name.Topic));
        return batches;
    }

    /// <summary>The batch of a partition that may be sent to a broker now, and whether it should be. Null for none.</summary>
    private ProducerBatch? NextOf(PartitionQueue partition, SenderNode node, long nowMs, CancellationToken stopping, out bool isDue)
    {
        isDue = false;
        if (partition.NotBeforeMs > nowMs)
        {
            _nextMs = Math.Min(_nextMs, partition.NotBeforeMs);
            return null;
        }

        var inFlight = partition.InFlight.Count;
        var isAlone = options.EnableIdempotence && !partition.IsSequenceKnown;
        if (inFlight > 0 && (isAlone || partition.IsRecovering || partition.NeedsNewSequence || partition.InFlightBroker != node.BrokerId))
        {
            return null;
        }

        partition.IsRecovering = false;
        if (options.EnableIdempotence && !TryPrepareSequence(partition, stopping))
        {
            return null;
        }

        if (partition.Retries.Count > 0)
        {
            isDue = true;
            return partition.NeedsNewSequence ? partition.Retries.Find(batch => batch.IsOutcomeUnknown) : partition.Retries[0];
        }

        var next = partition.Peek(out var isFull);
        if (next is not null)
        {
            isDue = isFull || accumulator.IsFlushing || accumulator.IsShortOfRoom || nowMs - next.CreatedMs >= _lingerMs;
            _nextMs = isDue ? _nextMs : Math.Min(_nextMs, next.CreatedMs + _lingerMs);
        }

        return next;
    }

    /// <summary>
    /// Has the partition sign with what it should. Sequences begin anew only with nothing in flight, and only once it is known of
    /// every batch that was sent that it was refused; one that nobody answered for is sent as it was until somebody does.
    /// </summary>
    private bool TryPrepareSequence(PartitionQueue partition, CancellationToken stopping)
    {
        if (partition.NeedsNewSequence)
        {
            if (partition.Retries.Exists(batch => batch.IsOutcomeUnknown))
            {
                return true;
            }

            if (identity.Current == partition.Identity && identity.Current.Exists)
            {
                identity.Bump();
            }
        }
        else if (partition.Identity == identity.Current || partition.HasUnanswered)
        {
            return partition.Identity.Exists;
        }

        if (identity.Current.Exists)
        {
            partition.Restart(identity.Current);
            return true;
        }

        identity.Ensure(stopping);
        return false;
    }
}
