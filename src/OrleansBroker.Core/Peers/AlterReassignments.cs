using OrleansBroker.Core.Replication;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Peers;

/// <summary>Has the leader of some partitions move them to other replicas, or cancel such moves.</summary>
/// <param name="AllowReplicationFactorChange">Whether a partition may come to have more or fewer replicas (KIP-860).</param>
public sealed record AlterReassignments(IReadOnlyList<WantedReplicas> Partitions, bool AllowReplicationFactorChange) : PeerRequest<IReadOnlyList<AlteredReassignment>>
{
    public override ValueTask<IReadOnlyList<AlteredReassignment>> AnswerAsync(PeerService peer) => peer.Replicas.AlterReassignmentsAsync(this);
}

/// <param name="Replicas">The preferred leader first; null to cancel the move that is under way.</param>
public sealed record WantedReplicas(ReplicaKey Key, IReadOnlyList<BrokerId>? Replicas);

/// <param name="Refusal">Null where it was done. NOT_LEADER_OR_FOLLOWER where the partition's leader is to be asked, which may be another one now.</param>
/// <param name="State">The state that is stored; null where it was refused.</param>
public sealed record AlteredReassignment(Refusal? Refusal, PartitionState? State);
