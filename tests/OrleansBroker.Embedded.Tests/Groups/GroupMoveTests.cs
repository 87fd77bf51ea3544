using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Embedded.Tests.Groups;

/// <summary>
/// Groups between two brokers, both of which hold the log that the groups are in: who answers, what is told before it is on both, and
/// what a broker can still do that leads no more.
/// </summary>
public sealed class GroupMoveTests
{
    [Fact]
    public async Task A_group_moves_with_its_members_their_assignment_and_offsets()
    {
        await using var cluster = new GroupReplicas();
        var member = await cluster.StableAsync();
        Assert.Equal([ErrorCode.None], await cluster.ReplicatedAsync(cluster.First.CommitAsync(42, member, 1)));

        cluster.Move(cluster.First, cluster.Second);
        cluster.Second.Loads.RunAll();
        cluster.Replicate();

        Assert.Equal(ErrorCode.None, await cluster.Second.HeartbeatAsync(member, 1));
        Assert.Equal(42, await cluster.Second.AskOffsetAsync());
        Assert.Equal([7], (await cluster.Second.SyncAsync(member, 1)).Assignment.ToArray());
        Assert.Equal([ErrorCode.None], await cluster.ReplicatedAsync(cluster.Second.CommitAsync(43, member, 1)));
        Assert.Equal(43, await cluster.Second.AskOffsetAsync());
    }

    [Fact]
    public async Task Sessions_begin_anew_where_the_group_has_moved_to()
    {
        await using var cluster = new GroupReplicas();
        var member = await cluster.StableAsync();

        cluster.First.Time.Pass(9_000);
        cluster.Move(cluster.First, cluster.Second);
        cluster.Second.Loads.RunAll();
        cluster.First.Time.Pass(9_000);
        Assert.Equal(ErrorCode.None, await cluster.Second.HeartbeatAsync(member, 1));
        cluster.First.Time.Pass(10_000);

        Assert.Equal(ErrorCode.UnknownMemberId, await cluster.Second.HeartbeatAsync(member, 1));
    }

    [Fact]
    public async Task A_member_that_waited_for_the_others_joins_again_under_its_id()
    {
        await using var cluster = new GroupReplicas();
        var member = await cluster.StableAsync();
        var newcomer = cluster.First.JoinAsync();
        var waiting = cluster.First.JoinAsync();

        cluster.Move(cluster.First, cluster.Second);
        cluster.Second.Loads.RunAll();
        cluster.Replicate();

        Assert.Equal([ErrorCode.NotCoordinator, ErrorCode.NotCoordinator], [(await newcomer).ErrorCode, (await waiting).ErrorCode]);
        Assert.Equal(ErrorCode.UnknownMemberId, (await cluster.Second.JoinAsync("never-committed")).ErrorCode);
        var again = await cluster.Second.JoinAsync(member);
        Assert.Equal((ErrorCode.None, member, 2), (again.ErrorCode, again.MemberId, again.GenerationId));
    }

    [Fact]
    public async Task Who_led_answers_that_it_is_not_the_coordinator()
    {
        await using var cluster = new GroupReplicas();
        var member = await cluster.StableAsync();

        cluster.Move(cluster.First, cluster.Second);

        var first = cluster.First;
        Assert.Equal(ErrorCode.NotCoordinator, await first.HeartbeatAsync(member, 1));
        Assert.Equal([ErrorCode.NotCoordinator], await first.CommitAsync(1, member, 1));
        Assert.Equal(GroupClient.Refused(ErrorCode.NotCoordinator), await first.AskOffsetAsync());
        Assert.Equal(ErrorCode.NotCoordinator, (await first.JoinAsync(member)).ErrorCode);
        Assert.Equal(ErrorCode.NotCoordinator, (await first.SyncAsync(member, 1)).ErrorCode);
        Assert.Equal(ErrorCode.NotCoordinator, (await first.DescribeAsync()).ErrorCode);
        var deleted = (await first.Groups.DeleteGroupsAsync(new DeleteGroupsRequest { GroupsNames = [GroupClient.Group] }, GroupClient.Caller(2))).Results;
        Assert.Equal(ErrorCode.NotCoordinator, Assert.Single(deleted).ErrorCode);
        var listed = await first.ListAsync();
        Assert.Equal((ErrorCode.None, 0), (listed.ErrorCode, listed.Groups.Length));
        await first.Groups.DeleteTopicOffsetsAsync("t");
    }

    [Fact]
    public async Task A_leader_that_has_not_heard_of_its_successor_acknowledges_nothing()
    {
        await using var cluster = new GroupReplicas();
        var member = await cluster.StableAsync();
        cluster.Elect(cluster.Second, cluster.First, cluster.Second);
        cluster.Second.Loads.RunAll();

        var stale = cluster.First.CommitAsync(42, member, 1);
        var joining = cluster.First.JoinAsync(member);
        Assert.False(stale.IsCompleted);
        cluster.Depose(cluster.First);
        cluster.Replicate();

        Assert.Equal([ErrorCode.NotCoordinator], await stale);
        Assert.Equal(ErrorCode.NotCoordinator, (await joining).ErrorCode);
        Assert.Equal(-1, await cluster.Second.AskOffsetAsync());
        Assert.Equal(cluster.Second.Partition.Log.LogEndOffset, cluster.First.Partition.Log.LogEndOffset);
    }

    [Fact]
    public async Task What_was_loaded_is_not_told_before_it_is_known_to_be_committed()
    {
        await using var cluster = new GroupReplicas();
        var member = await cluster.StableAsync();
        var unknown = cluster.First.CommitAsync(42, member, 1);
        cluster.Copy();
        cluster.Move(cluster.First, cluster.Second);
        cluster.Second.Loads.RunAll();

        var fetching = cluster.Second.AskOffsetAsync();
        var describing = cluster.Second.DescribeAsync();
        var listing = cluster.Second.ListAsync();
        var syncing = cluster.Second.SyncAsync(member, 1);
        Assert.False(fetching.IsCompleted || describing.IsCompleted || listing.IsCompleted || syncing.IsCompleted);
        Assert.Equal(ErrorCode.None, await cluster.Second.HeartbeatAsync(member, 1));
        cluster.Replicate();

        Assert.Equal([ErrorCode.NotCoordinator], await unknown);
        Assert.Equal(42, await fetching);
        Assert.Equal("Stable", (await describing).GroupState);
        Assert.Single((await listing).Groups);
        Assert.Equal([7], (await syncing).Assignment.ToArray());
    }

    [Fact]
    public async Task Nobody_waits_for_ever_for_a_follower_that_does_not_fetch()
    {
        await using var cluster = new GroupReplicas();
        var member = await cluster.StableAsync();

        var committing = cluster.First.CommitAsync(42, member, 1);
        cluster.First.Time.Pass(4_000);
        var fetching = cluster.First.AskOffsetAsync();
        Assert.False(committing.IsCompleted);
        cluster.First.Time.Pass(1_010);
        Assert.Equal([ErrorCode.CoordinatorNotAvailable], await committing);
        Assert.False(fetching.IsCompleted);
        cluster.First.Time.Pass(4_000);

        Assert.Equal(GroupClient.Refused(ErrorCode.CoordinatorLoadInProgress), await fetching);
        Assert.Equal(42, await cluster.ReplicatedAsync(cluster.First.AskOffsetAsync()));
    }

    [Fact]
    public async Task Too_small_an_ISR_refuses_commits_before_they_are_appended()
    {
        await using var cluster = new GroupReplicas();
        var member = await cluster.StableAsync();
        cluster.ChangeIsr(cluster.First);
        var endOffset = cluster.First.Partition.Log.LogEndOffset;

        Assert.Equal([ErrorCode.CoordinatorNotAvailable], await cluster.First.CommitAsync(42, member, 1));
        Assert.Equal(endOffset, cluster.First.Partition.Log.LogEndOffset);
        Assert.Equal(-1, await cluster.First.AskOffsetAsync());

        cluster.ChangeIsr(cluster.First, cluster.Second);
        Assert.Equal([ErrorCode.None], await cluster.ReplicatedAsync(cluster.First.CommitAsync(43, member, 1)));
    }

    [Fact]
    public async Task A_rebalance_outlives_too_small_an_ISR()
    {
        await using var cluster = new GroupReplicas();
        var member = await cluster.StableAsync();
        var joined = await cluster.First.JoinAsync(member);
        cluster.ChangeIsr(cluster.First);

        Assert.Equal(ErrorCode.CoordinatorNotAvailable, (await cluster.First.SyncAsync(member, 2, (member, [8]))).ErrorCode);
        Assert.Equal(ErrorCode.None, await cluster.First.HeartbeatAsync(member, 2));
        Assert.Equal(ErrorCode.CoordinatorNotAvailable, (await cluster.First.SyncAsync(member, 2)).ErrorCode);
        cluster.ChangeIsr(cluster.First, cluster.Second);

        Assert.Equal(2, joined.GenerationId);
        Assert.Equal([8], (await cluster.ReplicatedAsync(cluster.First.SyncAsync(member, 2))).Assignment.ToArray());
    }

    [Fact]
    public async Task Requests_are_told_while_a_shard_is_loaded_and_heartbeats_are_taken()
    {
        await using var cluster = new GroupReplicas();
        var member = await cluster.StableAsync();
        cluster.Move(cluster.First, cluster.Second);

        Assert.Equal(ErrorCode.None, await cluster.Second.HeartbeatAsync(member, 1));
        Assert.Equal([ErrorCode.CoordinatorLoadInProgress], await cluster.Second.CommitAsync(42, member, 1));
        Assert.Equal(GroupClient.Refused(ErrorCode.CoordinatorLoadInProgress), await cluster.Second.AskOffsetAsync());
        Assert.Equal(ErrorCode.CoordinatorLoadInProgress, (await cluster.Second.ListAsync()).ErrorCode);
    }

    [Fact]
    public async Task A_leadership_that_ends_and_comes_back_while_a_shard_is_loaded_loads_what_is_there_then()
    {
        await using var cluster = new GroupReplicas();
        var member = await cluster.StableAsync();
        cluster.Move(cluster.First, cluster.Second);
        cluster.Move(cluster.Second, cluster.First);
        cluster.First.Loads.RunAll();
        cluster.Replicate();
        Assert.Equal([ErrorCode.None], await cluster.ReplicatedAsync(cluster.First.CommitAsync(42, member, 1)));
        Assert.Equal(ErrorCode.NotCoordinator, await cluster.Second.HeartbeatAsync(member, 1));

        cluster.Move(cluster.First, cluster.Second);
        cluster.Second.Loads.RunAll();
        cluster.Replicate();

        Assert.Equal(42, await cluster.Second.AskOffsetAsync());
    }

    [Fact]
    public async Task Of_two_machines_over_one_log_none_acts_on_what_the_other_has_overtaken()
    {
        await using var cluster = new GroupReplicas();
        var member = await cluster.StableAsync();
        var twin = cluster.First.NewTwin();
        await using var ended = twin.Groups;
        Assert.Equal(-1, await twin.FetchAsync());
        Assert.Equal(2, (await cluster.First.JoinAsync(member)).GenerationId);
        Assert.Equal(ErrorCode.None, (await cluster.ReplicatedAsync(cluster.First.SyncAsync(member, 2, (member, [8])))).ErrorCode);

        Assert.Equal([ErrorCode.CoordinatorLoadInProgress], await twin.CommitAsync(41, member, 1));
        Assert.Equal(-1, await twin.FetchAsync());
        Assert.Equal([ErrorCode.IllegalGeneration], await twin.CommitAsync(41, member, 1));
        Assert.Equal([ErrorCode.None], await cluster.ReplicatedAsync(twin.CommitAsync(42, member, 2)));
        Assert.Equal(42, await cluster.First.FetchAsync());
    }

    [Fact]
    public async Task The_coordinator_is_the_leader_that_lives_as_far_as_is_known()
    {
        await using var cluster = new GroupReplicas();
        var (first, second) = (cluster.First, cluster.Second);
        Assert.Equal((ErrorCode.None, first.Id), await Find(first));
        Assert.Equal((ErrorCode.None, first.Id), await Find(second));

        cluster.Elect(second, second);
        Assert.Equal((ErrorCode.None, second.Id), await Find(second));
        first.Hear(second.Partition.State);
        Assert.Equal((ErrorCode.None, second.Id), await Find(first));

        first.Metadata.Change(image => image with { Brokers = [.. image.Brokers.Where(broker => broker.Id == first.Id)] });
        Assert.Equal((ErrorCode.CoordinatorNotAvailable, BrokerId.None), await Find(first));
    }

    [Fact]
    public async Task A_broker_does_not_name_itself_before_it_leads()
    {
        await using var cluster = new GroupReplicas();
        var elected = cluster.Second.Partition.State with { Leader = cluster.Second.Id, LeaderEpoch = new LeaderEpoch(1) };

        cluster.Second.Hear(elected);

        Assert.Equal((ErrorCode.CoordinatorNotAvailable, BrokerId.None), await Find(cluster.Second));
    }

    private static ValueTask<(ErrorCode Error, BrokerId Broker)> Find(GroupReplica replica) => replica.Groups.FindAsync(GroupClient.Group, CancellationToken.None);
}
