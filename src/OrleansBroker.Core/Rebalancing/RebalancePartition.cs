using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Rebalancing;

/// <summary>A partition as a plan sees it.</summary>
/// <param name="Replicas">Those that there are to be: where the move that is under way leads to, or those that there are. The preferred leader first.</param>
public sealed record RebalancePartition(ReplicaKey Key, BrokerId[] Replicas, PartitionUse Use);
