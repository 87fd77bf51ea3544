using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Replication.Fetching;

/// <summary>A partition that is followed under one leader epoch. A later epoch is another one, so that nothing of the earlier counts for it.</summary>
/// <param name="epoch">Fences what is done to the log: in the request by the leader, afterwards by the log.</param>
internal sealed class FollowedPartition(Partition partition, LeaderEpoch epoch)
{
    private volatile bool _isLeft;
    private volatile bool _isDelayed;
    private long _dueTimestamp;

    public Partition Partition { get; } = partition;

    public LeaderEpoch Epoch { get; } = epoch;

    public ReplicaKey Key { get; } = new(partition.TopicId, partition.Name.Partition);

    /// <summary>It is followed no more: what still comes for it is dropped.</summary>
    public bool IsLeft => _isLeft;

    /// <summary>Whether it waits after a failure.</summary>
    public bool IsDelayed => _isDelayed;

    /// <summary>Whether the next request names it. The fetcher's loop's, as all that follows.</summary>
    public bool IsNamed { get; set; }

    /// <summary>Failures one after the other.</summary>
    public int Failures { get; set; }

    /// <summary>When it is fetched again after a failure, by the broker's clock; null where it is not waiting.</summary>
    public long? DueTimestamp
    {
        get => _isDelayed ? _dueTimestamp : null;
        set
        {
            _dueTimestamp = value ?? 0;
            _isDelayed = value is not null;
        }
    }

    /// <summary>The flush without which its leader may not hear of what was appended.</summary>
    public Task<ErrorCode>? Flushing { get; set; }

    public void Leave() => _isLeft = true;

    /// <summary>What is asked of the leader: what lies behind the end of this log.</summary>
    public FetchRequest.FetchPartition Ask(int bytesMax)
    {
        var log = Partition.Log;
        return new FetchRequest.FetchPartition
        {
            Partition = Key.Partition,
            CurrentLeaderEpoch = Epoch.Value,
            FetchOffset = log.LogEndOffset,
            LastFetchedEpoch = log.Epochs.Latest.Value,
            LogStartOffset = log.LogStartOffset,
            PartitionMaxBytes = bytesMax,
        };
    }
}
