using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Peers;

/// <summary>A leader tells of states that it has stored. One that is lost is pulled later.</summary>
public sealed record Announce(Announcement News) : PeerRequest<bool>
{
    public override ValueTask<bool> AnswerAsync(PeerService peer)
    {
        peer.Replicas.Hear(News);
        return new(true);
    }
}

/// <summary>Asks a broker for the states that it announced after a version.</summary>
/// <param name="BrokerEpoch">The life of that broker that the version is of; another one answers with all it has.</param>
public sealed record PullAnnouncements(long BrokerEpoch, long Since) : PeerRequest<Announcement>
{
    public override ValueTask<Announcement> AnswerAsync(PeerService peer) => new(peer.Replicas.AnnouncedSince(BrokerEpoch, Since));
}

/// <summary>States that a broker stored as the leader of their partitions.</summary>
/// <param name="From">The broker that stored them.</param>
/// <param name="BrokerEpoch">The life of that broker, within which versions count.</param>
/// <param name="Since">The version before the first of these.</param>
/// <param name="Version">The version of the last of these: who knew all up to <paramref name="Since"/> knows all up to this now.</param>
public sealed record Announcement(BrokerId From, long BrokerEpoch, long Since, long Version, IReadOnlyList<PartitionState> States);
