using OrleansBroker.Core.Partitions;

namespace OrleansBroker.Server.Fetching;

/// <summary>Tells a follower's session what happens to one of its partitions: at once of an append, or in time of what was committed.</summary>
internal sealed class PartitionWatch : IAppendListener
{
    private readonly FetchSession _session;
    private readonly FetchedPartition _fetched;
    private readonly Partition _partition;
    private readonly CommitWatch _commits;

    /// <param name="wantsHighWatermark">Whether the follower is to hear at once also of what was committed.</param>
    public PartitionWatch(FetchSession session, FetchedPartition fetched, Partition partition, bool wantsHighWatermark)
    {
        _session = session;
        _fetched = fetched;
        _partition = partition;
        _commits = new CommitWatch(session, fetched, wantsHighWatermark);
        partition.ListenToAppends(this);
        partition.Listen(_commits);
    }

    public void OnAppended(Partition partition) => _session.Touch(_fetched, isAwaited: true);

    public void End()
    {
        _partition.UnlistenToAppends(this);
        _partition.Unlisten(_commits);
    }

    private sealed class CommitWatch(FetchSession session, FetchedPartition fetched, bool wantsHighWatermark) : IAppendListener
    {
        public void OnAppended(Partition partition) => session.Touch(fetched, wantsHighWatermark);
    }
}
