using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Partitions;

/// <summary>The deletion of one partition's records below an offset, which its leader has done: until no replica that lives has them any more.</summary>
public sealed class RecordDeletion(Partition partition, long offset)
{
    public Partition Partition { get; } = partition;

    /// <summary>REQUEST_TIMED_OUT as long as it is not known what becomes of it.</summary>
    public ErrorCode Error { get; private set; } = ErrorCode.RequestTimedOut;

    /// <summary>The least log start offset of the replicas that live, as it was last seen; -1 where this broker is not the one to tell.</summary>
    public long LowWatermark { get; private set; } = -1;

    /// <summary>Looks again.</summary>
    /// <returns>Whether it is known what has become of it.</returns>
    public bool Look(ClusterView brokers)
    {
        if (Error != ErrorCode.RequestTimedOut)
        {
            return true;
        }

        if (Partition.Leadership is { } leading)
        {
            LowWatermark = leading.LowWatermark(brokers);
            Error = LowWatermark >= offset ? ErrorCode.None : ErrorCode.RequestTimedOut;
        }
        else
        {
            (Error, LowWatermark) = (Partition.IsClosed ? ErrorCode.UnknownTopicOrPartition : ErrorCode.NotLeaderOrFollower, -1);
        }

        return Error != ErrorCode.RequestTimedOut;
    }
}
