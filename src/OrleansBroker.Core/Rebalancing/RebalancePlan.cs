using OrleansBroker.Core.Replication;

namespace OrleansBroker.Core.Rebalancing;

/// <summary>What is to be done next.</summary>
/// <param name="Moves">Each of another partition; they may be done in any order.</param>
/// <param name="Leaving">How many partitions still have a replica on a broker that is to leave, those that move away included.</param>
/// <param name="Lacking">How many replicas brokers that receive have still to get, at least.</param>
/// <param name="Homeless">Of those that leave, the ones that have more replicas than there are brokers to hold them.</param>
public sealed record RebalancePlan(IReadOnlyList<RebalanceMove> Moves, int Leaving, int Lacking, IReadOnlyList<ReplicaKey> Homeless);
