using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Peers;

/// <summary>Has a broker take over partitions from a leader that lives: one that stops, or one that is not the preferred.</summary>
public sealed record TakeLeadership(IReadOnlyList<ReplicaKey> Partitions, ElectionKind Kind) : PeerRequest<IReadOnlyList<ErrorCode>>
{
    /// <summary>So many are elected and answered for in a small part of <see cref="AnswerWithin"/>.</summary>
    public const int PartitionsMax = 64;

    /// <summary>Elections are writes.</summary>
    public override TimeSpan AnswerWithin => TimeSpan.FromSeconds(5);

    /// <summary>Asks for any number of partitions, one portion after the other; those to come are led as before meanwhile.</summary>
    /// <returns>
    /// What became of each, in order: LEADER_NOT_AVAILABLE from where on there was no answer, and why there was none.
    /// </returns>
    public static async ValueTask<(ErrorCode[] Errors, IOException? Failure)> AskAsync(
        IPeers peers, BrokerId broker, IReadOnlyList<ReplicaKey> partitions, ElectionKind kind, CancellationToken cancellation)
    {
        var errors = new ErrorCode[partitions.Count];
        Array.Fill(errors, ErrorCode.LeaderNotAvailable);
        var at = 0;
        foreach (var portion in partitions.Chunk(PartitionsMax))
        {
            try
            {
                (await peers.AskAsync(broker, new TakeLeadership(portion, kind), cancellation)).ToArray().CopyTo(errors, at);
            }
            catch (IOException e)
            {
                return (errors, e);
            }

            at += portion.Length;
        }

        return (errors, null);
    }

    public override ValueTask<IReadOnlyList<ErrorCode>> AnswerAsync(PeerService peer) => peer.Replicas.TakeLeadershipAsync(Partitions, Kind);
}
