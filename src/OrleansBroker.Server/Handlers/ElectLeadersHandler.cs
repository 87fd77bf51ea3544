using OrleansBroker.Core;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.Messages.ElectLeadersResponse;

namespace OrleansBroker.Server.Handlers;

/// <summary>
/// Versions 0 to 2 (KIP-183, KIP-460). Any broker takes it. The preferred replica is asked to take over; for an unclean election
/// one replica that lives after the other, until one finds that its log is the longest. Where all partitions are meant, those that
/// need no election are left out of the answer. How long it takes is limited by what peers are given to answer in.
/// </summary>
internal sealed class ElectLeadersHandler(BrokerServices broker) : IHandler<ElectLeadersRequest, ElectLeadersResponse>
{
    public async ValueTask<ElectLeadersResponse> HandleAsync(ElectLeadersRequest request, RequestContext context)
    {
        if (request.ElectionType is not (ElectLeadersRequest.Preferred or ElectLeadersRequest.Unclean))
        {
            return new() { ErrorCode = ErrorCode.InvalidRequest };
        }

        // Leaders are elected by writes: that is not for the thread that polls the sockets.
        await Task.Yield();
        var image = broker.Metadata.Current;
        var isUnclean = request.ElectionType == ElectLeadersRequest.Unclean;
        var wanted = request.Topics is { } topics
            ? topics.SelectMany(topic => topic.Partitions, (topic, partition) => (topic.Topic, partition))
            : image.Topics.SelectMany(topic => Enumerable.Range(0, topic.Partitions.Length), (topic, partition) => (topic.Name, partition));
        var elections = wanted.Select(each => new LeaderElection(each.Item1, each.Item2, image, isUnclean)).ToArray();
        await HoldAsync(elections, isUnclean ? ElectionKind.Unclean : ElectionKind.Handover, context.Closed);
        return new()
        {
            ReplicaElectionResults =
            [
                .. elections
                    .Where(election => request.Topics is not null || election.Error != ErrorCode.ElectionNotNeeded)
                    .GroupBy(election => election.Topic, StringComparer.Ordinal)
                    .Select(topic => new ReplicaElectionResult { Topic = topic.Key, PartitionResults = [.. topic.Select(election => election.ToResult())] }),
            ],
        };
    }

    /// <summary>Asks the first candidate of every partition, then the second where the first could not be elected, and so on.</summary>
    private async Task HoldAsync(LeaderElection[] elections, ElectionKind kind, CancellationToken cancellation)
    {
        while (true)
        {
            var asked = elections.Where(election => election.HasCandidate).GroupBy(election => election.TakeCandidate()).Select(group => (group.Key, Elections: group.ToArray())).ToArray();
            if (asked.Length == 0)
            {
                return;
            }

            await Task.WhenAll(asked.Select(group => AskAsync(group.Key, group.Elections, kind, cancellation)));
        }
    }

    private async Task AskAsync(BrokerId candidate, LeaderElection[] elections, ElectionKind kind, CancellationToken cancellation)
    {
        // Whoever does not answer counts as one that cannot lead.
        var (errors, _) = await TakeLeadership.AskAsync(broker.Peers, candidate, Array.ConvertAll(elections, election => election.Key), kind, cancellation);
        for (var i = 0; i < elections.Length; i++)
        {
            elections[i].Settle(errors[i]);
        }
    }

    /// <summary>The election of one partition's leader: who may be asked, and what has come of it.</summary>
    private sealed class LeaderElection
    {
        private readonly int _partition;
        private readonly Queue<BrokerId> _candidates = [];

        public LeaderElection(string topic, int partition, MetadataImage image, bool isUnclean)
        {
            Topic = topic;
            _partition = partition;
            if (image.Find(topic) is not { } found || partition < 0 || partition >= found.Partitions.Length)
            {
                Error = ErrorCode.UnknownTopicOrPartition;
                return;
            }

            Key = new ReplicaKey(found.Id, partition);
            var known = found.Partitions[partition];
            if (image.IsAlive(known.Leader) && (isUnclean || known.Leader == known.Replicas[0]))
            {
                Error = ErrorCode.ElectionNotNeeded;
                return;
            }

            Error = isUnclean ? ErrorCode.EligibleLeadersNotAvailable : ErrorCode.PreferredLeaderNotAvailable;
            _candidates = new(known.Replicas.Take(isUnclean ? known.Replicas.Length : 1).Where(image.IsAlive));
        }

        public string Topic { get; }

        public ReplicaKey Key { get; }

        public ErrorCode Error { get; private set; }

        public bool HasCandidate => _candidates.Count > 0;

        public BrokerId TakeCandidate() => _candidates.Dequeue();

        public void Settle(ErrorCode error)
        {
            if (error is ErrorCode.None or ErrorCode.ElectionNotNeeded)
            {
                Error = error;
                _candidates.Clear();
            }
        }

        public PartitionResult ToResult() => new()
        {
            PartitionId = _partition,
            ErrorCode = Error,
            ErrorMessage = Error switch
            {
                ErrorCode.UnknownTopicOrPartition => $"There is no partition {_partition} of topic '{Topic}'",
                ErrorCode.PreferredLeaderNotAvailable => "The first assigned replica does not live, or is not in sync",
                ErrorCode.EligibleLeadersNotAvailable => "No replica could be elected",
                _ => null,
            },
        };
    }
}
