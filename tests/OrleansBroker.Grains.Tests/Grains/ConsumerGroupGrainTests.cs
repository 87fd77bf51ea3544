using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Groups;
using OrleansBroker.Grains.Doors;
using OrleansBroker.Grains.Membership;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Grains.Tests.Grains;

/// <summary>Members and committed offsets of callers inside Orleans.</summary>
[Collection(GrainCluster.Name)]
public sealed class ConsumerGroupGrainTests(GrainCluster cluster)
{
    [Fact]
    public async Task Offsets_that_are_committed_by_a_grain_are_those_of_the_group()
    {
        var topic = await cluster.TopicAsync("committed");
        var group = cluster.Client.Group("committers");
        await CoordinatorAsync("committers");
        await CoordinatorAsync("others");

        await group.CommitOffsetAsync(topic, 0, 42, "note");

        Assert.Equal(42, await cluster.Silos.GrainsAt(1).Group("committers").CommittedOffsetAsync(topic, 0));
        Assert.Null(await cluster.Client.Group("others").CommittedOffsetAsync(topic, 0));
        var all = (await group.FetchOffsetsAsync(new OffsetFetchRequest())).Groups.Single().Topics.Single();
        Assert.Equal((topic, 42, "note"), (all.Name, all.Partitions.Single().CommittedOffset, all.Partitions.Single().Metadata));
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, (await Assert.ThrowsAsync<BrokerException>(() => group.CommitOffsetAsync("nobody", 0, 1))).Error);

        var coordinator = await CoordinatorAsync("committers");
        var asKafka = await cluster.Silos.Client.SendAsync<OffsetFetchRequest, OffsetFetchResponse>(coordinator, new OffsetFetchRequest { Groups = [new() { GroupId = "committers", Topics = null }] }, 9);
        Assert.Equal(42, asKafka.Groups.Single().Topics.Single().Partitions.Single().CommittedOffset);
        Assert.Equal(coordinator, await cluster.Silos.WhereAsync(group));
    }

    [Fact]
    public async Task Two_members_join_share_and_leave()
    {
        await CoordinatorAsync("pair");
        var (one, two) = (cluster.Client.Group("pair"), cluster.Silos.GrainsAt(2).Group("pair"));

        var joined = await Task.WhenAll(one.JoinUntilDoneAsync(Join(), CancellationToken.None), two.JoinUntilDoneAsync(Join(), CancellationToken.None));
        var leader = joined.Single(member => member.MemberId == member.Leader);
        var synced = await Task.WhenAll(joined.Select(member => one.SyncUntilDoneAsync(Sync(member, leader), CancellationToken.None)));
        var described = (await one.DescribeAsync()).Groups.Single();

        Assert.All(joined, member => Assert.Equal((ErrorCode.None, leader.GenerationId), (member.ErrorCode, member.GenerationId)));
        Assert.Equal(joined.Select(member => member.MemberId).Order(), leader.Members.Select(member => member.MemberId).Order());
        Assert.Equal(joined.Select(member => member.MemberId), synced.Select(member => System.Text.Encoding.UTF8.GetString(member.Assignment.Span)));
        Assert.Equal(("Stable", 2), (described.GroupState, described.Members.Length));
        Assert.Equal(ErrorCode.None, (await two.HeartbeatAsync(new HeartbeatRequest { MemberId = leader.MemberId, GenerationId = leader.GenerationId })).ErrorCode);
        Assert.Equal(ErrorCode.IllegalGeneration, (await two.HeartbeatAsync(new HeartbeatRequest { MemberId = leader.MemberId, GenerationId = leader.GenerationId + 1 })).ErrorCode);

        var left = await one.LeaveAsync(new LeaveGroupRequest { Members = [.. joined.Select(member => new LeaveGroupRequest.MemberIdentity { MemberId = member.MemberId })] });
        Assert.Equal(ErrorCode.None, left.ErrorCode);
        Assert.Equal("Empty", (await one.DescribeAsync()).Groups.Single().GroupState);
    }

    [Fact]
    public async Task A_join_that_waits_for_others_is_asked_for_again_and_is_one_join()
    {
        const string Group = "patient";
        var coordinator = await CoordinatorAsync(Group);
        var local = cluster.Silos.Service<LocalBroker>(coordinator);
        await using var door = new BrokerDoor(local.Host!, local, cluster.Silos.Service<PauseWatch>(coordinator), waitMax: TimeSpan.FromMilliseconds(50));
        var named = await UntilAnsweredAsync(door, Group, Join());
        Assert.Equal(ErrorCode.MemberIdRequired, named.ErrorCode);

        // The first generation waits for further members.
        Assert.Null(await door.HandleAsync(Group, Join(named.MemberId)));
        var member = await UntilAnsweredAsync(door, Group, Join(named.MemberId));

        Assert.Equal((ErrorCode.None, 1, named.MemberId), (member.ErrorCode, member.GenerationId, member.Leader));
        Assert.Single(member.Members);
    }

    [Fact]
    public async Task A_static_member_that_waits_is_told_its_id_and_does_not_replace_itself()
    {
        const string Group = "static";
        var coordinator = await CoordinatorAsync(Group);
        var local = cluster.Silos.Service<LocalBroker>(coordinator);
        await using var door = new BrokerDoor(local.Host!, local, cluster.Silos.Service<PauseWatch>(coordinator), waitMax: TimeSpan.FromMilliseconds(50));
        var request = Join();
        request.GroupInstanceId = "first";

        var named = await UntilAnsweredAsync(door, Group, request);
        Assert.Equal(ErrorCode.MemberIdRequired, named.ErrorCode);
        request.MemberId = named.MemberId;
        var member = await UntilAnsweredAsync(door, Group, request);

        Assert.Equal((ErrorCode.None, 1, named.MemberId), (member.ErrorCode, member.GenerationId, member.MemberId));
        Assert.Equal(named.MemberId, Assert.Single(member.Members).MemberId);
    }

    private static async Task<JoinGroupResponse> UntilAnsweredAsync(BrokerDoor door, string group, JoinGroupRequest request)
    {
        object? response;
        do
        {
            response = await door.HandleAsync(group, request);
        }
        while (response is null);
        return (JoinGroupResponse)response;
    }

    /// <summary>The broker that coordinates a group, once it does.</summary>
    private async Task<int> CoordinatorAsync(string group)
    {
        var coordinator = -1;
        await cluster.Silos.Client.UntilAsync(
            async () =>
            {
                var found = await cluster.Silos.Client.SendAsync<FindCoordinatorRequest, FindCoordinatorResponse>(0, new FindCoordinatorRequest { CoordinatorKeys = [group] }, 4);
                coordinator = found.Coordinators[0].ErrorCode == ErrorCode.None ? found.Coordinators[0].NodeId : -1;
                return coordinator >= 0 && (await cluster.Silos.GrainsAt(coordinator).Group(group).DescribeAsync()).Groups[0].ErrorCode is ErrorCode.None or ErrorCode.GroupIdNotFound;
            },
            $"the group {group} has a coordinator");
        return coordinator;
    }

    private static JoinGroupRequest Join(string memberId = "") => new()
    {
        MemberId = memberId,
        SessionTimeoutMs = 45_000,
        RebalanceTimeoutMs = 60_000,
        ProtocolType = "consumer",
        Protocols = [new() { Name = "range", Metadata = new byte[] { 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF } }],
    };

    /// <summary>The leader assigns to each its own id.</summary>
    private static SyncGroupRequest Sync(JoinGroupResponse member, JoinGroupResponse leader) => new()
    {
        MemberId = member.MemberId,
        GenerationId = member.GenerationId,
        ProtocolType = "consumer",
        ProtocolName = "range",
        Assignments = member != leader ? [] : [.. leader.Members.Select(each => new SyncGroupRequest.SyncGroupRequestAssignment { MemberId = each.MemberId, Assignment = System.Text.Encoding.UTF8.GetBytes(each.MemberId) })],
    };
}
