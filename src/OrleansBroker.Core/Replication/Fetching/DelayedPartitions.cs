namespace OrleansBroker.Core.Replication.Fetching;

/// <summary>
/// Partitions that are left alone for a while: those whose fetch failed, shortly at first, then up to <c>replica.fetch.backoff.ms</c>;
/// and those that are throttled.
/// </summary>
internal sealed class DelayedPartitions(TimeProvider clock)
{
    /// <summary>After the first failure: most come from a leader that has not heard yet that it is one.</summary>
    private const int FirstMs = 20;

    // A partition that was taken out early leaves its place in the queue behind.
    private readonly PriorityQueue<FollowedPartition, long> _queue = new();

    public static TimeSpan After(int failures, int msMax) =>
        TimeSpan.FromMilliseconds(Math.Min((double)FirstMs * (1L << Math.Min(failures - 1, 20)), Math.Max(msMax, 1)));

    public void Add(FollowedPartition partition, int msMax)
    {
        partition.Failures++;
        Add(partition, After(partition.Failures, msMax));
    }

    public void Add(FollowedPartition partition, TimeSpan delay)
    {
        var due = clock.GetTimestamp() + (long)(delay.TotalSeconds * clock.TimestampFrequency);
        partition.DueTimestamp = due;
        _queue.Enqueue(partition, due);
    }

    /// <summary>The next one whose time has come.</summary>
    public FollowedPartition? TakeDue() =>
        Peek() is { } partition && partition.DueTimestamp <= clock.GetTimestamp() ? Take(partition) : null;

    /// <summary>How long until the first is due; null where there is none.</summary>
    public TimeSpan? Left()
    {
        if (Peek() is not { } partition)
        {
            return null;
        }

        var left = clock.GetElapsedTime(clock.GetTimestamp(), partition.DueTimestamp!.Value);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private FollowedPartition? Peek()
    {
        while (_queue.TryPeek(out var partition, out var due))
        {
            if (partition.DueTimestamp == due && !partition.IsLeft)
            {
                return partition;
            }

            _queue.Dequeue();
        }

        return null;
    }

    private FollowedPartition Take(FollowedPartition partition)
    {
        _queue.Dequeue();
        partition.DueTimestamp = null;
        return partition;
    }
}
