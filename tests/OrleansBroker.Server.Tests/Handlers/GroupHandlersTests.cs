using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Handlers;

namespace OrleansBroker.Server.Tests.Handlers;

public sealed class GroupHandlersTests
{
    private readonly AdminHarness _harness = new();
    private readonly MachineGroups _groups = new();
    private readonly BrokerServices _broker;

    public GroupHandlersTests() => _broker = _harness.Broker with { Groups = _groups };

    [Fact]
    public async Task A_groups_coordinator_is_found_by_key_or_by_keys()
    {
        var one = await _harness.SendAsync(new FindCoordinatorHandler(_broker), new FindCoordinatorRequest { Key = "g" }, 3);
        var many = await _harness.SendAsync(new FindCoordinatorHandler(_broker), new FindCoordinatorRequest { CoordinatorKeys = ["g", "h"] }, 4);

        Assert.Equal((ErrorCode.None, 0, "broker.example", 9092), (one.ErrorCode, one.NodeId, one.Host, one.Port));
        Assert.Equal([("g", ErrorCode.None, 0), ("h", ErrorCode.None, 0)], many.Coordinators.Select(found => (found.Key, found.ErrorCode, found.NodeId)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(-1)]
    public async Task A_coordinator_of_another_kind_is_refused_for_good(sbyte keyType)
    {
        var response = await _harness.SendAsync(new FindCoordinatorHandler(_broker), new FindCoordinatorRequest { KeyType = keyType, CoordinatorKeys = ["k"] }, 6);

        Assert.Equal((ErrorCode.InvalidRequest, -1, -1), (response.Coordinators[0].ErrorCode, response.Coordinators[0].NodeId, response.Coordinators[0].Port));
    }

    [Fact]
    public async Task A_coordinator_that_is_not_there_yet_is_to_be_asked_for_again()
    {
        _groups.FindError = ErrorCode.CoordinatorNotAvailable;

        Assert.Equal(ErrorCode.CoordinatorNotAvailable, (await _harness.SendAsync(new FindCoordinatorHandler(_broker), new FindCoordinatorRequest { Key = "g" }, 1)).ErrorCode);
    }

    [Fact]
    public async Task Offsets_of_partitions_that_exist_are_committed_and_the_others_refused()
    {
        await _harness.CreateAsync("orders", 2);

        var response = await CommitAsync(9, Topic("orders", default, 0, 5, 1), Topic("nothing", default, 0));

        Assert.Equal(["orders", "nothing"], response.Topics.Select(topic => topic.Name));
        Assert.Equal(
            [(0, ErrorCode.None), (1, ErrorCode.None), (5, ErrorCode.UnknownTopicOrPartition)],
            response.Topics[0].Partitions.Select(partition => (partition.PartitionIndex, partition.ErrorCode)));
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, Assert.Single(response.Topics[1].Partitions).ErrorCode);
    }

    [Fact]
    public async Task Topics_are_committed_to_and_fetched_by_id_from_version_10()
    {
        var id = await _harness.CreateAsync("orders", 1);
        var unknown = Guid.NewGuid();

        var committed = await CommitAsync(10, Topic(string.Empty, id, 0), Topic(string.Empty, unknown, 0));
        var fetched = (await FetchAsync(10, new OffsetFetchRequest.OffsetFetchRequestTopics { TopicId = id, PartitionIndexes = [0] }, new OffsetFetchRequest.OffsetFetchRequestTopics { TopicId = unknown, PartitionIndexes = [3] })).Groups[0];
        var all = (await FetchAsync(10, null)).Groups[0];

        Assert.Equal([(id, ErrorCode.None), (unknown, ErrorCode.UnknownTopicId)], committed.Topics.Select(topic => (topic.TopicId, topic.Partitions[0].ErrorCode)));
        Assert.Equal([(id, 100L, ErrorCode.None), (unknown, -1L, ErrorCode.UnknownTopicId)], fetched.Topics.Select(topic => (topic.TopicId, topic.Partitions[0].CommittedOffset, topic.Partitions[0].ErrorCode)));
        Assert.Equal((id, 100L), (Assert.Single(all.Topics).TopicId, all.Topics[0].Partitions[0].CommittedOffset));
    }

    [Fact]
    public async Task The_offsets_of_one_group_stand_by_themselves_before_version_8()
    {
        await _harness.CreateAsync("orders", 1);
        await CommitAsync(8, Topic("orders", default, 0));

        var some = await _harness.SendAsync(
            new OffsetFetchHandler(_broker), new OffsetFetchRequest { GroupId = "g", Topics = [new() { Name = "orders", PartitionIndexes = [0, 1] }] }, 7);
        var all = await _harness.SendAsync(new OffsetFetchHandler(_broker), new OffsetFetchRequest { GroupId = "g", Topics = null }, 2);
        var several = await FetchAsync(8, new OffsetFetchRequest.OffsetFetchRequestTopics { Name = "orders", PartitionIndexes = [0] });

        Assert.Equal([(0, 100L), (1, -1L)], some.Topics[0].Partitions.Select(partition => (partition.PartitionIndex, partition.CommittedOffset)));
        Assert.Equal(100, Assert.Single(Assert.Single(all.Topics).Partitions).CommittedOffset);
        Assert.Equal(("g", 100L), (several.Groups[0].GroupId, several.Groups[0].Topics[0].Partitions[0].CommittedOffset));
    }

    [Fact]
    public async Task An_error_of_a_group_stands_where_the_version_has_a_place_for_it()
    {
        _groups.FetchError = ErrorCode.CoordinatorLoadInProgress;
        var request = new OffsetFetchRequest { GroupId = "g", Topics = [new() { Name = "orders", PartitionIndexes = [0] }] };

        Assert.Equal(ErrorCode.CoordinatorLoadInProgress, (await _harness.SendAsync(new OffsetFetchHandler(_broker), request, 1)).Topics[0].Partitions[0].ErrorCode);
        Assert.Equal(ErrorCode.CoordinatorLoadInProgress, (await _harness.SendAsync(new OffsetFetchHandler(_broker), request, 2)).ErrorCode);
        Assert.Equal(ErrorCode.CoordinatorLoadInProgress, (await FetchAsync(8, null)).Groups[0].ErrorCode);
    }

    [Fact]
    public async Task Offsets_of_partitions_that_exist_are_deleted_and_the_others_refused()
    {
        await _harness.CreateAsync("orders", 1);
        await CommitAsync(8, Topic("orders", default, 0));

        var response = await _harness.SendAsync(
            new OffsetDeleteHandler(_broker),
            new OffsetDeleteRequest { GroupId = "g", Topics = [new() { Name = "orders", Partitions = [new() { PartitionIndex = 0 }, new() { PartitionIndex = 1 }] }] },
            0);

        Assert.Equal([ErrorCode.None, ErrorCode.UnknownTopicOrPartition], response.Topics[0].Partitions.Select(partition => partition.ErrorCode));
        Assert.Empty((await FetchAsync(8, null)).Groups[0].Topics);
    }

    [Fact]
    public async Task Authorized_operations_are_told_to_those_who_ask()
    {
        await _harness.CreateAsync("orders", 1);
        await CommitAsync(8, Topic("orders", default, 0));

        var asked = await _harness.SendAsync(new DescribeGroupsHandler(_broker), new DescribeGroupsRequest { Groups = ["g"], IncludeAuthorizedOperations = true }, 5);
        var notAsked = await _harness.SendAsync(new DescribeGroupsHandler(_broker), new DescribeGroupsRequest { Groups = ["g"] }, 5);

        Assert.True(asked.Groups[0].AuthorizedOperations > 0);
        Assert.Equal(int.MinValue, notAsked.Groups[0].AuthorizedOperations);
    }

    private static OffsetCommitRequest.OffsetCommitRequestTopic Topic(string name, Guid id, params int[] partitions) => new()
    {
        Name = name,
        TopicId = id,
        Partitions = Array.ConvertAll(partitions, index => new OffsetCommitRequest.OffsetCommitRequestPartition { PartitionIndex = index, CommittedOffset = 100 + index }),
    };

    private Task<OffsetCommitResponse> CommitAsync(int version, params OffsetCommitRequest.OffsetCommitRequestTopic[] topics) =>
        _harness.SendAsync(new OffsetCommitHandler(_broker), new OffsetCommitRequest { GroupId = "g", Topics = topics }, version);

    private Task<OffsetFetchResponse> FetchAsync(int version, params OffsetFetchRequest.OffsetFetchRequestTopics[]? topics) =>
        _harness.SendAsync(new OffsetFetchHandler(_broker), new OffsetFetchRequest { Groups = [new() { GroupId = "g", Topics = topics }] }, version);
}
