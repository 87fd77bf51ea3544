using OrleansBroker.Core.Partitions;

namespace OrleansBroker.Core.Replication;

/// <summary>One of this broker's replicas with what is kept to control it. Its document is read and written by one at a time.</summary>
internal sealed class Replica(ReplicaKey key, Partition partition)
{
    private int _isQueued;

    public ReplicaKey Key { get; } = key;

    public Partition Partition { get; } = partition;

    /// <summary>Held while the document is read and written.</summary>
    public SemaphoreSlim Document { get; } = new(1, 1);

    /// <summary>Of the document as it was last read or written; null before, and where there is none. Changed while <see cref="Document"/> is held.</summary>
    public string? ETag { get; set; }

    /// <summary>Held while the part that this broker plays changes.</summary>
    public Lock Part { get; } = new();

    /// <summary>
    /// A write of the document was not settled: it may be done or may still be done. Only a later write of ours that is done ends
    /// that, as it moves the ETag on. Changed while <see cref="Document"/> is held.
    /// </summary>
    public bool IsUncertain { get; set; }

    /// <summary>
    /// What an election tried to store and may have stored, or may still: whether it stands in the document has to be looked up, as
    /// nobody else tells. Changed while <see cref="Document"/> is held.
    /// </summary>
    public PartitionState? Unsettled { get; set; }

    /// <summary>Since when no leader is known to live, by the broker's clock; null while one does.</summary>
    public long? LeaderlessSince { get; set; }

    /// <summary>Whether it was said that the partition has no leader; once.</summary>
    public bool IsLeaderlessTold { get; set; }

    /// <summary>Whether somebody has asked for it to be looked at.</summary>
    public bool IsQueued => Volatile.Read(ref _isQueued) != 0;

    /// <summary>True for the first who asks until <see cref="Unqueue"/>.</summary>
    public bool TryQueue() => Interlocked.Exchange(ref _isQueued, 1) == 0;

    public void Unqueue() => Volatile.Write(ref _isQueued, 0);
}
