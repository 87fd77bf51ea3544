namespace OrleansBroker.Core.Groups;

/// <summary>
/// The deadlines of a shard in the order of time. Putting one off, which every heartbeat does, only writes its new time:
/// the entry in the queue stays where it is and moves when its old time comes.
/// </summary>
internal sealed class DeadlineQueue
{
    private readonly PriorityQueue<Deadline, long> _queue = new();

    /// <summary>Nothing is due before; <see cref="Deadline.Never"/> where nothing is set.</summary>
    public long NextMs => _queue.TryPeek(out _, out var atMs) ? atMs : Deadline.Never;

    public void Set(Deadline deadline, long atMs)
    {
        deadline.AtMs = atMs;
        if (atMs < deadline.QueuedAtMs)
        {
            deadline.QueuedAtMs = atMs;
            _queue.Enqueue(deadline, atMs);
        }
    }

    /// <summary>Takes one that is due and unsets it.</summary>
    public Deadline? TakeDue(long nowMs)
    {
        while (_queue.TryPeek(out var deadline, out var queuedAtMs) && queuedAtMs <= nowMs)
        {
            _queue.Dequeue();
            if (queuedAtMs != deadline.QueuedAtMs)
            {
                continue; // it was brought forward since: another entry stands for it
            }

            deadline.QueuedAtMs = Deadline.Never;
            if (deadline.AtMs <= nowMs)
            {
                deadline.Cancel();
                return deadline;
            }

            if (deadline.AtMs != Deadline.Never)
            {
                Set(deadline, deadline.AtMs);
            }
        }

        return null;
    }
}
