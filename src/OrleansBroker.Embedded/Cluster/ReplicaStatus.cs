using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Cluster;

/// <summary>One replica as its broker sees it.</summary>
/// <param name="InSync">The in-sync replicas as this broker knows them.</param>
/// <param name="HighWatermark">Exclusive: what consumers may see.</param>
/// <param name="LogEndOffset">Exclusive.</param>
public sealed record ReplicaStatus(
    TopicPartition Partition, bool IsLeader, BrokerId Leader, LeaderEpoch LeaderEpoch, IReadOnlyList<BrokerId> InSync, long LogStartOffset, long HighWatermark, long LogEndOffset);
