using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Replication.Fetching;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Follows: one connection to each broker that leads a partition of which this broker holds a replica, and over it one Fetch request
/// after the other for all those partitions.
/// </summary>
public sealed class ReplicaFetchers(ReplicaServices services) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Partition, (ReplicaFetcher Fetcher, FollowedPartition Followed)> _followed = [];
    private readonly SortedDictionary<int, ReplicaFetcher> _byLeader = [];
    private readonly CancellationTokenSource _stopping = new();
    private bool _isStopped;

    /// <summary>The partition follows this leader from now on, under its <see cref="Partition.LeaderEpoch"/>; what it followed before is left.</summary>
    public void Follow(Partition partition, BrokerId leader)
    {
        lock (_gate)
        {
            if (_isStopped)
            {
                return;
            }

            if (_followed.TryGetValue(partition, out var current))
            {
                if (current.Fetcher.Leader == leader && current.Followed.Epoch == partition.LeaderEpoch)
                {
                    current.Fetcher.Retry(current.Followed);
                    return;
                }

                current.Fetcher.Leave(current.Followed);
            }

            if (!_byLeader.TryGetValue(leader.Value, out var fetcher))
            {
                _byLeader.Add(leader.Value, fetcher = new ReplicaFetcher(services, leader, _stopping.Token));
                fetcher.Start();
            }

            var followed = new FollowedPartition(partition, partition.LeaderEpoch);
            _followed[partition] = (fetcher, followed);
            fetcher.Join(followed);
        }
    }

    /// <summary>The partition follows nobody any more.</summary>
    public void Leave(Partition partition)
    {
        lock (_gate)
        {
            if (_followed.Remove(partition, out var current))
            {
                current.Fetcher.Leave(current.Followed);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        ReplicaFetcher[] fetchers;
        lock (_gate)
        {
            if (_isStopped)
            {
                return;
            }

            _isStopped = true;
            fetchers = [.. _byLeader.Values];
        }

        _stopping.Cancel();
        foreach (var fetcher in fetchers)
        {
            await fetcher.Running;
        }

        _stopping.Dispose();
    }
}
