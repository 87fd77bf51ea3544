using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Replication;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Handlers;

namespace OrleansBroker.Server.Tests.Handlers;

/// <summary>
/// ElectLeaders and the reassignment APIs as one broker of a cluster answers them: brokers 0 to 2 live, broker 3 does not. Topic "t"
/// has a partition for every case; what its leaders answer is scripted.
/// </summary>
public sealed class LeaderHandlersTests
{
    private readonly AdminHarness _harness = new();
    private readonly ScriptedPeers _peers = new();
    private readonly Guid _topicId = new("7d0c0ffe-0000-4000-8000-000000000001");

    public LeaderHandlersTests()
    {
        BrokerImage[] brokers = [.. Enumerable.Range(0, 3).Select(id => new BrokerImage(new BrokerId(id), "broker.example", 9092 + id))];
        PartitionImage[] partitions =
        [
            Partition(leader: 0, "0 1 2", isr: "0 1 2"),
            Partition(leader: 1, "0 1 2", isr: "0 1"),
            Partition(leader: 1, "2 1 0", isr: "0 1"),
            Partition(leader: 3, "3 2 1", isr: "3"),
            Partition(leader: 1, "2 1 0", isr: "0 1") with { Adding = Ids("2"), Removing = Ids("0") },
        ];
        _harness.Broker.Metadata.Change(image => (image with { Brokers = [.. brokers] }).With([new TopicImage("t", _topicId, partitions)]));
        _harness.Peers = _peers;
    }

    [Fact]
    public async Task The_preferred_replica_is_asked_to_take_over()
    {
        _peers.Answer = (_, _) => (IReadOnlyList<ErrorCode>)[ErrorCode.None];

        var results = await ElectAsync(ElectLeadersRequest.Preferred, 0, 1, 3, 9);

        Assert.Equal([ErrorCode.ElectionNotNeeded, ErrorCode.None, ErrorCode.PreferredLeaderNotAvailable, ErrorCode.UnknownTopicOrPartition], results);
        var (broker, request) = Assert.Single(_peers.Asked);
        Assert.Equal(0, broker.Value);
        Assert.Equal((ElectionKind.Handover, new ReplicaKey(_topicId, 1)), (((TakeLeadership)request).Kind, ((TakeLeadership)request).Partitions.Single()));
    }

    [Fact]
    public async Task A_preferred_replica_that_does_not_answer_or_may_not_is_not_available()
    {
        Assert.Equal([ErrorCode.PreferredLeaderNotAvailable], await ElectAsync(ElectLeadersRequest.Preferred, 1));

        _peers.Answer = (_, _) => (IReadOnlyList<ErrorCode>)[ErrorCode.PreferredLeaderNotAvailable];
        Assert.Equal([ErrorCode.PreferredLeaderNotAvailable], await ElectAsync(ElectLeadersRequest.Preferred, 2));
    }

    [Fact]
    public async Task An_unclean_election_asks_one_living_replica_after_the_other()
    {
        _peers.Answer = (broker, _) => (IReadOnlyList<ErrorCode>)[broker.Value == 1 ? ErrorCode.None : ErrorCode.EligibleLeadersNotAvailable];

        Assert.Equal([ErrorCode.ElectionNotNeeded, ErrorCode.None], await ElectAsync(ElectLeadersRequest.Unclean, 1, 3));
        Assert.Equal([2, 1], _peers.Asked.Select(asked => asked.Broker.Value));
    }

    [Fact]
    public async Task Nobody_is_elected_where_no_replica_can_be() =>
        Assert.Equal([ErrorCode.EligibleLeadersNotAvailable], await ElectAsync(ElectLeadersRequest.Unclean, 3));

    [Fact]
    public async Task An_election_for_all_partitions_leaves_out_those_that_need_none()
    {
        _peers.Answer = (_, request) => (IReadOnlyList<ErrorCode>)[.. ((TakeLeadership)request).Partitions.Select(_ => ErrorCode.None)];

        var response = await _harness.SendAsync(new ElectLeadersHandler(_harness.Broker), new ElectLeadersRequest { Topics = null }, version: 2);

        Assert.Equal([1, 2, 3, 4], Assert.Single(response.ReplicaElectionResults).PartitionResults.Select(result => result.PartitionId));
    }

    [Fact]
    public async Task There_are_two_kinds_of_election()
    {
        var response = await _harness.SendAsync(new ElectLeadersHandler(_harness.Broker), new ElectLeadersRequest { ElectionType = 2 }, version: 2);
        Assert.Equal(ErrorCode.InvalidRequest, response.ErrorCode);
    }

    [Fact]
    public async Task The_leader_of_each_partition_is_asked_to_move_it()
    {
        _peers.Answer = (_, request) => (IReadOnlyList<AlteredReassignment>)[.. ((AlterReassignments)request).Partitions.Select(_ => new AlteredReassignment(null, null))];

        var errors = await AlterAsync(1000, (0, [2, 1]), (1, null), (9, [1]));

        Assert.Equal([ErrorCode.None, ErrorCode.None, ErrorCode.UnknownTopicOrPartition], errors);
        var asked = _peers.Asked.OrderBy(each => each.Broker.Value).Select(each => (each.Broker.Value, Wanted: ((AlterReassignments)each.Request).Partitions.Single())).ToArray();
        Assert.Equal([(0, 0), (1, 1)], asked.Select(each => (each.Value, each.Wanted.Key.Partition)));
        Assert.Equal([2, 1], asked[0].Wanted.Replicas!.Select(id => id.Value));
        Assert.Null(asked[1].Wanted.Replicas);
    }

    [Fact]
    public async Task A_refusal_is_passed_on()
    {
        _peers.Answer = (_, _) => (IReadOnlyList<AlteredReassignment>)[new AlteredReassignment(new Refusal(ErrorCode.NoReassignmentInProgress, "no"), null)];
        Assert.Equal([ErrorCode.NoReassignmentInProgress], await AlterAsync(1000, (0, null)));
    }

    [Fact]
    public async Task Where_the_leader_has_changed_the_next_one_is_asked()
    {
        _peers.Answer = (broker, _) =>
        {
            _harness.Broker.Metadata.Change(image => image.Merge([State(1, leader: 2, epoch: 9)]));
            return (IReadOnlyList<AlteredReassignment>)[new AlteredReassignment(broker.Value == 2 ? null : new Refusal(ErrorCode.NotLeaderOrFollower, "not me"), null)];
        };

        Assert.Equal([ErrorCode.None], await AlterAsync(60_000, (1, [0, 2])));
        Assert.Equal([1, 2], _peers.Asked.Select(asked => asked.Broker.Value));
    }

    [Fact]
    public async Task Without_a_leader_nothing_moves() => Assert.Equal([ErrorCode.LeaderNotAvailable], await AlterAsync(0, (3, [1])));

    [Fact]
    public async Task A_leader_that_cannot_be_reached_is_timed_out() => Assert.Equal([ErrorCode.RequestTimedOut], await AlterAsync(0, (0, [1])));

    [Fact]
    public async Task What_the_leader_has_stored_is_listed_at_once()
    {
        _peers.Answer = (_, _) => (IReadOnlyList<AlteredReassignment>)[new AlteredReassignment(null, State(0, leader: 0, epoch: 1) with { Replicas = Ids("1 2 0"), Removing = Ids("0"), PartitionEpoch = 5 })];
        await AlterAsync(1000, (0, [1, 2]));

        var response = await _harness.SendAsync(new ListPartitionReassignmentsHandler(_harness.Broker), new ListPartitionReassignmentsRequest { Topics = null }, version: 0);

        var listed = Assert.Single(response.Topics);
        Assert.Equal("t", listed.Name);
        Assert.Equal([(0, "1 2 0", "", "0"), (4, "2 1 0", "2", "0")], listed.Partitions.Select(each => (each.PartitionIndex, Print(each.Replicas), Print(each.AddingReplicas), Print(each.RemovingReplicas))));
    }

    [Fact]
    public async Task Only_what_is_asked_for_and_moved_is_listed()
    {
        var response = await _harness.SendAsync(
            new ListPartitionReassignmentsHandler(_harness.Broker),
            new ListPartitionReassignmentsRequest { Topics = [new() { Name = "t", PartitionIndexes = [0, 4, 9, -1] }, new() { Name = "u", PartitionIndexes = [0] }] },
            version: 0);

        Assert.Equal(4, Assert.Single(Assert.Single(response.Topics).Partitions).PartitionIndex);
    }

    private async Task<ErrorCode[]> ElectAsync(sbyte type, params int[] partitions)
    {
        var request = new ElectLeadersRequest { ElectionType = type, Topics = [new() { Topic = "t", Partitions = partitions }] };
        var response = await _harness.SendAsync(new ElectLeadersHandler(_harness.Broker), request, version: 2);
        var results = Assert.Single(response.ReplicaElectionResults).PartitionResults;
        Assert.Equal(partitions, results.Select(result => result.PartitionId));
        return [.. results.Select(result => result.ErrorCode)];
    }

    private async Task<ErrorCode[]> AlterAsync(int timeoutMs, params (int Partition, int[]? Replicas)[] moves)
    {
        var request = new AlterPartitionReassignmentsRequest
        {
            TimeoutMs = timeoutMs,
            Topics = [new() { Name = "t", Partitions = Array.ConvertAll(moves, move => new AlterPartitionReassignmentsRequest.ReassignablePartition { PartitionIndex = move.Partition, Replicas = move.Replicas }) }],
        };
        var response = await _harness.SendAsync(new AlterPartitionReassignmentsHandler(_harness.Broker), request, version: 1);
        return [.. Assert.Single(response.Responses).Partitions.Select(partition => partition.ErrorCode)];
    }

    private PartitionState State(int partition, int leader, int epoch) => new()
    {
        TopicId = _topicId,
        Partition = partition,
        Replicas = Ids("0 1 2"),
        Leader = new BrokerId(leader),
        LeaderEpoch = new LeaderEpoch(epoch),
        Isr = [new IsrMember(new BrokerId(leader), 1)],
    };

    private static PartitionImage Partition(int leader, string replicas, string isr) => new(new BrokerId(leader), new LeaderEpoch(1), Ids(replicas), Ids(isr));

    private static BrokerId[] Ids(string ids) => Array.ConvertAll(ids.Split(' '), id => new BrokerId(int.Parse(id)));

    private static string Print(int[] ids) => string.Join(' ', ids);
}
