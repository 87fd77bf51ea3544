using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Rebalancing;

/// <summary>What a plan wants of one partition.</summary>
/// <param name="From">The replicas that there were to be when it was planned: with any others, the move is of no use any more.</param>
/// <param name="To">The preferred leader first. In another order alone, nothing is copied.</param>
public sealed record RebalanceMove(ReplicaKey Key, BrokerId[] From, BrokerId[] To);
