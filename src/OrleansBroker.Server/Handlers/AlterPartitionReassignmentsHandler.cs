using OrleansBroker.Core;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Replication;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.Messages.AlterPartitionReassignmentsResponse;

namespace OrleansBroker.Server.Handlers;

/// <summary>
/// Versions 0 to 1 (KIP-455, KIP-860). Any broker takes it, and asks the leader of each partition, as that one alone writes its
/// document; where the leader is just changing, again until the request times out.
/// </summary>
internal sealed class AlterPartitionReassignmentsHandler(BrokerServices broker) : IHandler<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse>
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(50);

    public async ValueTask<AlterPartitionReassignmentsResponse> HandleAsync(AlterPartitionReassignmentsRequest request, RequestContext context)
    {
        // Leaders store what they are asked to: that is not for the thread that polls the sockets.
        await Task.Yield();
        var topics = Array.ConvertAll(request.Topics, topic => (topic.Name, Moves: Array.ConvertAll(topic.Partitions, partition => new Move(topic.Name, partition.PartitionIndex, partition.Replicas))));
        await AlterAsync([.. topics.SelectMany(topic => topic.Moves)], request, context.Closed);
        return new()
        {
            AllowReplicationFactorChange = request.AllowReplicationFactorChange,
            Responses = Array.ConvertAll(topics, topic => new ReassignableTopicResponse { Name = topic.Name, Partitions = Array.ConvertAll(topic.Moves, move => move.ToResponse()) }),
        };
    }

    private async Task AlterAsync(Move[] moves, AlterPartitionReassignmentsRequest request, CancellationToken cancellation)
    {
        var begun = broker.Clock.GetTimestamp();
        while (true)
        {
            var image = broker.Metadata.Current;
            var asked = Array.FindAll(moves, move => !move.IsSettled).GroupBy(move => move.FindLeader(image)).ToArray();
            await Task.WhenAll(asked.Where(group => group.Key != BrokerId.None).Select(group => AskAsync(group.Key, [.. group], request.AllowReplicationFactorChange, cancellation)));
            if (Array.TrueForAll(moves, move => move.IsSettled) || broker.Clock.GetElapsedTime(begun).TotalMilliseconds >= request.TimeoutMs)
            {
                return;
            }

            await Task.Delay(RetryInterval, broker.Clock, cancellation);
        }
    }

    private async Task AskAsync(BrokerId leader, Move[] moves, bool allowReplicationFactorChange, CancellationToken cancellation)
    {
        try
        {
            var wanted = Array.ConvertAll(moves, move => move.ToWanted());
            var altered = await broker.Peers.AskAsync(leader, new AlterReassignments(wanted, allowReplicationFactorChange), cancellation);
            for (var i = 0; i < moves.Length; i++)
            {
                moves[i].Settle(altered[i].Refusal);
            }

            // Whoever asks this broker next what is under way sees it.
            broker.Metadata.Change(image => image.Merge(altered.Select(each => each.State).OfType<PartitionState>()));
        }
        catch (IOException e)
        {
            // Done or not, it may be asked for again.
            Array.ForEach(moves, move => move.Settle(new(ErrorCode.NotLeaderOrFollower, e.Message)));
        }
    }

    /// <summary>What is wanted of one partition, and what has come of it.</summary>
    private sealed class Move(string topic, int partition, int[]? replicas)
    {
        private Refusal? _refusal;
        private Guid _topicId;

        public bool IsSettled { get; private set; }

        /// <summary>Settles what does not exist. None where there is no leader at the moment.</summary>
        public BrokerId FindLeader(MetadataImage image)
        {
            if (image.Find(topic) is not { } found || partition < 0 || partition >= found.Partitions.Length)
            {
                Settle(new(ErrorCode.UnknownTopicOrPartition, $"There is no partition {partition} of topic '{topic}'"));
                return BrokerId.None;
            }

            _topicId = found.Id;
            var leader = found.Partitions[partition].Leader;
            _refusal = new(ErrorCode.LeaderNotAvailable, "The partition has no leader that could move it");
            return image.IsAlive(leader) ? leader : BrokerId.None;
        }

        public WantedReplicas ToWanted() => new(new ReplicaKey(_topicId, partition), replicas is null ? null : Array.ConvertAll(replicas, id => new BrokerId(id)));

        public void Settle(Refusal? refusal)
        {
            _refusal = refusal;
            IsSettled = refusal?.Code != ErrorCode.NotLeaderOrFollower;
        }

        public ReassignablePartitionResponse ToResponse() => new()
        {
            PartitionIndex = partition,
            ErrorCode = _refusal is { Code: ErrorCode.NotLeaderOrFollower } ? ErrorCode.RequestTimedOut : _refusal?.Code ?? ErrorCode.None,
            ErrorMessage = _refusal?.Message,
        };
    }
}
