using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Diagnostics;

/// <summary>How a broker's partitions are, at one moment.</summary>
/// <param name="Hosted">Replicas on this broker.</param>
/// <param name="Led">Of these, led by it.</param>
/// <param name="UnderReplicated">Led by it, with a replica that is not in sync.</param>
/// <param name="UnderMinIsr">Led by it, with fewer replicas in sync than acks=all needs.</param>
/// <param name="Failed">Replicas on this broker whose log takes no more appends.</param>
/// <param name="Leaderless">Of the cluster, as this broker knows it: nobody leads, or one who does not live.</param>
/// <param name="LogBytes">Of all replicas on this broker.</param>
/// <param name="FollowerLagMax">How many records the slowest follower of a partition that it leads is behind.</param>
public readonly record struct PartitionHealth(int Hosted, int Led, int UnderReplicated, int UnderMinIsr, int Failed, int Leaderless, long LogBytes, long FollowerLagMax)
{
    public static PartitionHealth Of(BrokerServices broker)
    {
        var health = new PartitionHealth { Leaderless = CountLeaderless(broker.Metadata.Current) };
        foreach (var partition in broker.Partitions.All)
        {
            health = health.With(partition);
        }

        return health;
    }

    private PartitionHealth With(Partition partition)
    {
        var here = this with { Hosted = Hosted + 1, LogBytes = LogBytes + partition.Log.SizeBytes, Failed = Failed + (partition.Log.IsFailed ? 1 : 0) };
        if (partition.Leadership is not { } leading)
        {
            return here;
        }

        var state = partition.State;
        return here with
        {
            Led = Led + 1,
            UnderReplicated = UnderReplicated + (state.Isr.Length < state.ReplicationFactor ? 1 : 0),
            UnderMinIsr = UnderMinIsr + (state.Isr.Length < Math.Min(partition.MinInSyncReplicas, state.ReplicationFactor) ? 1 : 0),
            FollowerLagMax = Math.Max(FollowerLagMax, LagOf(partition, leading, state.Replicas)),
        };
    }

    private static long LagOf(Partition partition, Replication.Leadership leading, BrokerId[] replicas)
    {
        var lag = 0L;
        foreach (var replica in replicas)
        {
            if (replica != partition.Self)
            {
                lag = Math.Max(lag, partition.Log.LogEndOffset - Math.Max(leading.LogEndOffsetOf(replica), partition.LogStartOffset));
            }
        }

        return lag;
    }

    private static int CountLeaderless(MetadataImage image)
    {
        var count = 0;
        foreach (var topic in image.Topics)
        {
            foreach (var partition in topic.Partitions)
            {
                count += image.IsAlive(partition.Leader) ? 0 : 1;
            }
        }

        return count;
    }
}
