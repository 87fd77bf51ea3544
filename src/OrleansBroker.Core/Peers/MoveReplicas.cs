using OrleansBroker.Core.Rebalancing;

namespace OrleansBroker.Core.Peers;

/// <summary>
/// Has the leader of some partitions begin moves that the cluster decided by itself. Of two who decide at once the second is refused,
/// and so is whoever did not know of a reassignment that an administrator began.
/// </summary>
public sealed record MoveReplicas(IReadOnlyList<RebalanceMove> Moves) : PeerRequest<IReadOnlyList<AlteredReassignment>>
{
    /// <summary>Each is a write.</summary>
    public override TimeSpan AnswerWithin => TimeSpan.FromSeconds(5);

    public override ValueTask<IReadOnlyList<AlteredReassignment>> AnswerAsync(PeerService peer) => peer.Replicas.MoveReplicasAsync(this);
}
