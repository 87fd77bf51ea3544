using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Peers;

/// <summary>Has a broker take over partitions from a leader that lives: one that stops, or one that is not the preferred.</summary>
public sealed record TakeLeadership(IReadOnlyList<ReplicaKey> Partitions, ElectionKind Kind) : PeerRequest<IReadOnlyList<ErrorCode>>
{
    public override ValueTask<IReadOnlyList<ErrorCode>> AnswerAsync(PeerService peer) => peer.Replicas.TakeLeadershipAsync(Partitions, Kind);
}
