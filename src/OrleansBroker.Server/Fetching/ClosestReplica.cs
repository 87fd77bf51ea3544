using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Server.Fetching;

/// <summary>Whom a consumer should read from: a replica in its rack, in sync and with the offset it asks for (KIP-392).</summary>
internal static class ClosestReplica
{
    /// <returns>None where that is the leader itself.</returns>
    public static BrokerId Find(Partition partition, Leadership leading, ClusterView brokers, string rack, long offset)
    {
        if (brokers.Find(partition.Self)?.Rack == rack)
        {
            return BrokerId.None;
        }

        var best = BrokerId.None;
        var bestEnd = -1L;
        foreach (var replica in partition.State.Replicas)
        {
            if (replica != partition.Self && brokers.Find(replica) is { IsDraining: false } broker && broker.Rack == rack && partition.State.IsInSync(replica))
            {
                var end = leading.LogEndOffsetOf(replica);
                if (end >= offset && end > bestEnd && leading.LogStartOffsetOf(replica) <= offset)
                {
                    (best, bestEnd) = (replica, end);
                }
            }
        }

        return best;
    }
}
