using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Who waits for the commit of one append: told once, and free for another append after that. Decided under the leadership's lock,
/// told outside it.
/// </summary>
public abstract class CommitWaiter
{
    internal long LastOffset { get; set; }

    /// <summary>The one that waits, or was decided, after this one.</summary>
    internal CommitWaiter? Next { get; set; }

    internal CommitWaiter? Previous { get; set; }

    /// <summary>The leadership that it waits in, until it is decided.</summary>
    internal Leadership? WaitsIn { get; set; }

    internal ErrorCode Result { get; set; }

    /// <summary>It waits no longer, and is not told; unless it was decided just now, and is about to be.</summary>
    public void Forget() => WaitsIn?.Forget(this);

    /// <summary>What became of the append: none, or an error of <see cref="Partitions.Partition.Committed"/>.</summary>
    /// <param name="mayGoOnHere">Whether what follows may run within this call: the caller has no lock and nothing urgent left to do.</param>
    protected internal abstract void OnDecided(ErrorCode result, bool mayGoOnHere);
}
