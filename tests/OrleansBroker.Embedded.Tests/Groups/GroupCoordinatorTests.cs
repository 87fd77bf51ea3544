using OrleansBroker.Core.Groups.Hosting;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Embedded.Tests.Groups;

public sealed class GroupCoordinatorTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("hello", 22)]
    [InlineData("polygenelubricants", 0)]
    [InlineData("console-consumer-12345", 6)]
    public void A_group_belongs_to_the_partition_that_Kafka_gives_it(string groupId, int partition) =>
        Assert.Equal(partition, GroupPartitioner.PartitionFor(groupId, 50));

    [Fact]
    public async Task The_internal_topic_is_made_when_a_coordinator_is_first_asked_for()
    {
        await using var broker = await GroupBroker.StartAsync();
        Assert.Equal(GroupClient.Refused(ErrorCode.NotCoordinator), await broker.FetchAsync());
        Assert.Empty((await broker.ListAsync()).Groups);

        var (error, found) = await broker.Groups.FindAsync(GroupBroker.Group, CancellationToken.None);

        Assert.Equal((ErrorCode.None, new BrokerId(0)), (error, found));
        var topic = broker.Metadata.Current.Find("__consumer_offsets")!;
        Assert.Equal((50, true, "compact"), (topic.Partitions.Length, topic.IsInternal, topic.Configs["cleanup.policy"]));
        Assert.Equal(-1, await broker.FetchAsync());
    }

    [Fact]
    public async Task A_group_lives_through_join_sync_heartbeat_commit_and_leave()
    {
        await using var broker = await GroupBroker.StartAsync();
        var member = await broker.StableAsync();

        Assert.Equal(ErrorCode.None, await broker.HeartbeatAsync(member, 1));
        Assert.Equal([ErrorCode.None], await broker.CommitAsync(42, member, 1));
        Assert.Equal(42, await broker.FetchAsync());
        var described = await broker.DescribeAsync();
        Assert.Equal("Stable", described.GroupState);
        Assert.Equal(ErrorCode.None, (await broker.Groups.LeaveGroupAsync(new LeaveGroupRequest { GroupId = GroupBroker.Group, MemberId = member }, GroupBroker.Caller(2))).ErrorCode);
        Assert.Equal("Empty", Assert.Single((await broker.ListAsync()).Groups).GroupState);
    }

    [Fact]
    public async Task Sessions_end_by_the_timer_and_not_by_the_wall_clock()
    {
        await using var broker = await GroupBroker.StartAsync();
        var member = await broker.StableAsync();

        broker.Time.WallClockErrorMs = 3_600_000;
        broker.Time.Pass(9_000);
        Assert.Equal(ErrorCode.None, await broker.HeartbeatAsync(member, 1));
        broker.Time.Pass(10_000);

        Assert.Equal(ErrorCode.UnknownMemberId, await broker.HeartbeatAsync(member, 1));
    }

    [Fact]
    public async Task Groups_and_offsets_survive_a_kill()
    {
        await using var broker = await GroupBroker.StartAsync();
        var member = await broker.StableAsync();
        await broker.CommitAsync(42, member, 1);
        await broker.CommitAsync(7, group: "stand-alone");

        await broker.KillAndRestartAsync();

        Assert.Equal(42, await broker.FetchAsync());
        Assert.Equal(7, await broker.FetchAsync("stand-alone"));
        Assert.Equal(ErrorCode.None, await broker.HeartbeatAsync(member, 1));
        Assert.Equal([7], (await broker.SyncAsync(member, 1)).Assignment.ToArray());
    }

    [Fact]
    public async Task Sessions_end_after_a_restart_also_where_nobody_asks()
    {
        await using var broker = await GroupBroker.StartAsync();
        await broker.StableAsync();
        await broker.KillAndRestartAsync();
        broker.Groups.Start();
        Assert.Equal(-1, await broker.FetchAsync());
        var endOffset = broker.PartitionOf().Log.LogEndOffset;

        broker.Time.Pass(10_000);

        Assert.Equal(endOffset + 1, broker.PartitionOf().Log.LogEndOffset);
    }

    [Fact]
    public async Task Heartbeats_are_taken_while_groups_are_loaded()
    {
        await using var broker = await GroupBroker.StartAsync();
        var member = await broker.StableAsync();
        await broker.KillAndRestartAsync();

        Assert.Equal(ErrorCode.None, await broker.HeartbeatAsync(member, 1));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public async Task A_commit_larger_than_a_batch_takes_several(string codec)
    {
        await using var broker = await GroupBroker.StartAsync(("message.max.bytes", "2000"), ("offsets.topic.compression.codec", codec));

        Assert.All(await broker.CommitAsync(1_000, partitions: 500), error => Assert.Equal(ErrorCode.None, error));
        await broker.KillAndRestartAsync();

        for (var partition = 0; partition < 500; partition++)
        {
            Assert.Equal(1_000 + partition, await broker.FetchAsync(partition: partition));
        }
    }

    [Fact]
    public async Task A_full_disk_refuses_commits_keeps_the_groups_and_recovers()
    {
        await using var broker = await GroupBroker.StartAsync();
        var member = await broker.StableAsync();
        await broker.CommitAsync(42, member, 1);
        broker.Disk.Faults.CapacityBytes = 0;

        Assert.Equal([ErrorCode.NotCoordinator], await broker.CommitAsync(43, member, 1));
        Assert.Equal(42, await broker.FetchAsync());
        Assert.Equal(ErrorCode.None, await broker.HeartbeatAsync(member, 1));

        broker.Disk.Faults.CapacityBytes = long.MaxValue;
        Assert.Equal([ErrorCode.None], await broker.CommitAsync(44, member, 1));
        Assert.Equal(44, await broker.FetchAsync());
    }

    [Fact]
    public async Task An_assignment_that_cannot_be_appended_is_forgotten_with_all_who_waited_for_it()
    {
        await using var broker = await GroupBroker.StartAsync();
        await broker.FindAsync();
        var first = broker.JoinAsync();
        var second = broker.JoinAsync();
        broker.Time.Pass(6_000);
        var (leader, follower) = (await first, await second);
        var waiting = broker.SyncAsync(follower.MemberId, 1);
        Assert.False(waiting.IsCompleted);
        broker.Disk.Faults.CapacityBytes = 0;

        var syncing = broker.SyncAsync(leader.MemberId, 1);

        Assert.Equal(ErrorCode.NotCoordinator, (await syncing).ErrorCode);
        Assert.Equal(ErrorCode.NotCoordinator, (await waiting).ErrorCode);
        broker.Disk.Faults.CapacityBytes = long.MaxValue;
        Assert.Equal(-1, await broker.FetchAsync());
        Assert.Equal(ErrorCode.UnknownMemberId, await broker.HeartbeatAsync(leader.MemberId, 1));
        await broker.StableAsync();
    }

    [Fact]
    public async Task A_machine_that_was_lost_is_loaded_again_also_where_nobody_asks()
    {
        await using var broker = await GroupBroker.StartAsync();
        await broker.StableAsync();
        broker.Disk.Faults.CapacityBytes = 0;
        broker.Time.Pass(10_000);
        broker.Disk.Faults.CapacityBytes = long.MaxValue;
        var endOffset = broker.PartitionOf().Log.LogEndOffset;

        while (broker.PartitionOf().Log.LogEndOffset == endOffset)
        {
            // The load runs on another thread; the member's session begins again when it is done.
            broker.Time.Pass(1_000);
            await Task.Yield();
        }

        Assert.Equal("Empty", Assert.Single((await broker.ListAsync()).Groups).GroupState);
    }

    [Fact]
    public async Task A_deleted_topic_takes_its_offsets_with_it()
    {
        await using var broker = await GroupBroker.StartAsync();
        await broker.CommitAsync(1, topic: "t");
        await broker.CommitAsync(2, topic: "u");
        await broker.CommitAsync(3, topic: "t", group: "another");

        await broker.Groups.DeleteTopicOffsetsAsync("t");

        Assert.Equal(-1, await broker.FetchAsync(topic: "t"));
        Assert.Equal(2, await broker.FetchAsync(topic: "u"));
        Assert.Equal(-1, await broker.FetchAsync("another", "t"));
    }

    [Fact]
    public async Task Groups_of_many_shards_are_listed_described_and_deleted_together()
    {
        await using var broker = await GroupBroker.StartAsync();
        var names = Enumerable.Range(0, 20).Select(i => $"group-{i}").ToArray();
        foreach (var name in names)
        {
            await broker.CommitAsync(1, group: name);
        }

        Assert.Equal(names.Order(), (await broker.ListAsync()).Groups.Select(group => group.GroupId).Order());
        Assert.Equal(names, (await broker.Groups.DescribeGroupsAsync(new DescribeGroupsRequest { Groups = names }, GroupBroker.Caller(6))).Groups.Select(group => group.GroupId));
        var deleted = (await broker.Groups.DeleteGroupsAsync(new DeleteGroupsRequest { GroupsNames = [.. names, "nobody"] }, GroupBroker.Caller(2))).Results;
        Assert.Equal([.. names.Order(), "nobody"], deleted.OrderBy(result => result.ErrorCode).ThenBy(result => result.GroupId).Select(result => result.GroupId));
        Assert.Empty((await broker.ListAsync()).Groups);
    }

    [Fact]
    public async Task A_client_that_goes_away_ends_its_wait_and_not_its_join()
    {
        await using var broker = await GroupBroker.StartAsync();
        await broker.FindAsync();
        using var closed = new CancellationTokenSource();
        var waiting = broker.JoinAsync(cancellation: closed.Token);

        await closed.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal("PreparingRebalance", Assert.Single((await broker.ListAsync()).Groups).GroupState);
    }

    [Fact]
    public async Task Heartbeats_allocate_little()
    {
        await using var broker = await GroupBroker.StartAsync();
        var member = await broker.StableAsync();
        var request = new HeartbeatRequest { GroupId = GroupBroker.Group, MemberId = member, GenerationId = 1 };
        for (var i = 0; i < 1_000; i++)
        {
            await broker.Groups.HeartbeatAsync(request, GroupBroker.Caller(4));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            await broker.Groups.HeartbeatAsync(request, GroupBroker.Caller(4));
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 10_000, 0, 100);
    }
}
