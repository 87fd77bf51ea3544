using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Cluster;

/// <summary>One replica as its broker sees it.</summary>
/// <param name="InSync">The in-sync replicas as this broker knows them.</param>
/// <param name="HighWatermark">Exclusive: what consumers may see.</param>
/// <param name="LogEndOffset">Exclusive.</param>
public sealed record ReplicaStatus(
    TopicPartition Partition, bool IsLeader, BrokerId Leader, LeaderEpoch LeaderEpoch, IReadOnlyList<BrokerId> InSync, long LogStartOffset, long HighWatermark, long LogEndOffset)
{
    /// <summary>Of a broker, in the order of their names.</summary>
    internal static ReplicaStatus[] AllOf(BrokerHost host) =>
    [
        .. host.Services.Partitions.All
            .OrderBy(partition => partition.Name.Topic, StringComparer.Ordinal)
            .ThenBy(partition => partition.Name.Partition)
            .Select(partition => new ReplicaStatus(
                partition.Name, partition.IsLeader, partition.State.Leader, partition.LeaderEpoch, Array.ConvertAll(partition.State.Isr, member => member.Broker),
                partition.LogStartOffset, partition.HighWatermark, partition.Log.LogEndOffset)),
    ];
}
