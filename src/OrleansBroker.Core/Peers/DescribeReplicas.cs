using OrleansBroker.Core.Replication;

namespace OrleansBroker.Core.Peers;

/// <summary>Asks a broker how far its replicas of some partitions go: an election is above every epoch that can be heard of.</summary>
public sealed record DescribeReplicas(IReadOnlyList<ReplicaKey> Partitions) : PeerRequest<IReadOnlyList<DescribedReplica>>
{
    public override ValueTask<IReadOnlyList<DescribedReplica>> AnswerAsync(PeerService peer) => new(peer.Replicas.Describe(Partitions));
}

/// <param name="End">Null where the broker holds no such replica.</param>
/// <param name="State">The newest state that the broker knows; null where it knows none.</param>
public sealed record DescribedReplica(ReplicaKey Key, ReplicaEnd? End, PartitionState? State);
