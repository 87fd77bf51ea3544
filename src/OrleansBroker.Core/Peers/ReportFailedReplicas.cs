using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Peers;

/// <summary>A follower tells the leader of some partitions that its logs of them have failed: it is in sync no more.</summary>
/// <param name="BrokerEpoch">The life of the follower in which they failed.</param>
public sealed record ReportFailedReplicas(BrokerId Follower, long BrokerEpoch, IReadOnlyList<ReplicaKey> Partitions) : PeerRequest<bool>
{
    public override ValueTask<bool> AnswerAsync(PeerService peer)
    {
        peer.Replicas.NoteFailed(this);
        return new(true);
    }
}
