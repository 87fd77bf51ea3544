using OrleansBroker.Core.Groups;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Groups;

/// <summary>Static members (KIP-345): an instance id outlives the process that has it.</summary>
public sealed class StaticMemberTests
{
    private readonly GroupMachine _machine = new();

    /// <summary>A stable group of two static members, i1 the leader.</summary>
    private (string First, string Second) Stable()
    {
        var first = _machine.Join(instanceId: "i1");
        var second = _machine.Join(instanceId: "i2");
        _machine.Pass(6_000);
        var (a, b) = (_machine.Joined(first).MemberId, _machine.Joined(second).MemberId);
        _machine.Sync(a, 1, new() { [a] = "A", [b] = "B" }, "i1");
        _machine.Sync(b, 1, instanceId: "i2");
        return (a, b);
    }

    [Fact]
    public void A_static_member_needs_no_second_join_for_its_id()
    {
        var (first, second) = Stable();

        Assert.StartsWith("i1-", first);
        Assert.StartsWith("i2-", second);
        Assert.Equal(GroupState.Stable, _machine.State);
    }

    [Fact]
    public void A_restarted_follower_gets_a_new_id_and_its_old_assignment_without_a_rebalance()
    {
        var (first, second) = Stable();
        var records = _machine.Log.Count;

        var response = _machine.Joined(_machine.Join(instanceId: "i2"));

        Assert.Equal(GroupState.Stable, _machine.State);
        Assert.Equal((ErrorCode.None, 1, first, false), (response.ErrorCode, response.GenerationId, response.Leader, response.SkipAssignment));
        Assert.NotEqual(second, response.MemberId);
        Assert.Equal(records + 1, _machine.Log.Count);
        Assert.Contains(_machine.Shard.CommittedGroups[GroupMachine.Group].Members, member => member.MemberId == response.MemberId);
        Assert.Equal("B", GroupMachine.Text(_machine.Synced(_machine.Sync(response.MemberId, 1, instanceId: "i2")).Assignment));
    }

    [Fact]
    public void A_restarted_leader_is_told_to_skip_the_assignment()
    {
        Stable();

        var response = _machine.Joined(_machine.Join(instanceId: "i1"));

        Assert.True(response.SkipAssignment);
        Assert.Equal(response.MemberId, response.Leader);
        Assert.Equal(2, response.Members.Length);
        Assert.Equal("A", GroupMachine.Text(_machine.Synced(_machine.Sync(response.MemberId, 1, instanceId: "i1")).Assignment));
    }

    [Fact]
    public void A_restarted_leader_is_told_the_old_leaders_id_before_version_9()
    {
        var (first, _) = Stable();

        var response = _machine.Joined(_machine.Join(instanceId: "i1", version: 8));

        Assert.Equal(first, response.Leader);
        Assert.NotEqual(first, response.MemberId);
        Assert.Empty(response.Members);
    }

    [Fact]
    public void The_old_id_of_a_restarted_member_is_fenced()
    {
        var (_, second) = Stable();
        _machine.Join(instanceId: "i2");

        Assert.Equal(ErrorCode.FencedInstanceId, _machine.Heartbeat(second, 1, "i2"));
        Assert.Equal(ErrorCode.FencedInstanceId, _machine.Synced(_machine.Sync(second, 1, instanceId: "i2")).ErrorCode);
        Assert.Equal(ErrorCode.FencedInstanceId, _machine.Joined(_machine.Join(second, "i2")).ErrorCode);
        Assert.Equal(ErrorCode.FencedInstanceId, _machine.Commit(1, second, 1, "i2"));
        Assert.Equal(ErrorCode.FencedInstanceId, _machine.Leave((second, "i2")).Members[0].ErrorCode);
        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Heartbeat(second, 1));
    }

    [Fact]
    public void A_member_that_is_replaced_while_it_waits_to_join_is_fenced()
    {
        var (first, second) = Stable();
        var waiting = _machine.Join(first, "i1");
        Assert.True(_machine.IsWaiting(waiting));

        var replacing = _machine.Join(instanceId: "i1");

        Assert.Equal(ErrorCode.FencedInstanceId, _machine.Joined(waiting).ErrorCode);
        var last = _machine.Join(second, "i2");
        Assert.Equal(2, _machine.Joined(last).GenerationId);
        Assert.Equal(_machine.Joined(replacing).MemberId, _machine.Joined(last).Leader);
    }

    [Fact]
    public void A_member_that_is_replaced_while_the_assignment_is_made_starts_a_rebalance()
    {
        var first = _machine.Join(instanceId: "i1");
        var second = _machine.Join(instanceId: "i2");
        _machine.Pass(6_000);
        var waiting = _machine.Sync(_machine.Joined(second).MemberId, 1, instanceId: "i2");

        var replacing = _machine.Join(instanceId: "i2");

        Assert.Equal(ErrorCode.FencedInstanceId, _machine.Synced(waiting).ErrorCode);
        Assert.Equal(GroupState.PreparingRebalance, _machine.State);
        Assert.True(_machine.IsWaiting(replacing));
        Assert.Equal(ErrorCode.None, _machine.Joined(first).ErrorCode);
    }

    [Fact]
    public void A_restarted_member_that_changes_the_groups_protocol_starts_a_rebalance()
    {
        var tokens = new[] { _machine.Join(instanceId: "i1", protocols: ["a", "b"]), _machine.Join(instanceId: "i2", protocols: ["a", "b"]) };
        _machine.Pass(6_000);
        var leader = _machine.Joined(tokens[0]);
        _machine.Sync(leader.MemberId, 1, instanceId: "i1", protocolName: "a");

        Assert.True(_machine.IsWaiting(_machine.Join(instanceId: "i2", protocols: ["b"])));

        Assert.Equal(GroupState.PreparingRebalance, _machine.State);
    }

    [Fact]
    public void A_static_member_that_does_not_join_in_time_stays_until_its_session_ends()
    {
        var (first, second) = Stable();
        var joined = _machine.Join(first, "i1", rebalanceTimeoutMs: 6_000);
        _machine.Join(second, "i2", rebalanceTimeoutMs: 6_000);
        _machine.Sync(first, 2, new() { [first] = "A" }, "i1");
        _machine.Sync(second, 2, instanceId: "i2");

        joined = _machine.Join(first, "i1", rebalanceTimeoutMs: 6_000);
        _machine.Pass(6_000);

        Assert.Equal(3, _machine.Joined(joined).GenerationId);
        Assert.Equal(2, _machine.Joined(joined).Members.Length);
        _machine.Heartbeat(first, 3, "i1");
        _machine.Pass(GroupMachine.SessionTimeoutMs - 1);
        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Heartbeat(second, 3, "i2"));
    }

    [Fact]
    public void When_no_static_member_joins_again_the_group_waits_for_their_sessions()
    {
        var (first, second) = Stable();
        _machine.Leave((second, "i2"));
        _machine.Join(instanceId: "i2", version: 8);
        Assert.Equal(GroupState.PreparingRebalance, _machine.State);
        _machine.Leave((string.Empty, "i2"));
        Assert.Equal(ErrorCode.RebalanceInProgress, _machine.Heartbeat(first, 1, "i1"));

        for (var waitedMs = 0; waitedMs < 2 * GroupMachine.RebalanceTimeoutMs; waitedMs += 5_000)
        {
            Assert.Equal(ErrorCode.RebalanceInProgress, _machine.Heartbeat(first, 1, "i1"));
            _machine.Pass(5_000);
        }

        Assert.Equal(GroupState.PreparingRebalance, _machine.State);
        _machine.Pass(2 * GroupMachine.RebalanceTimeoutMs);
        Assert.Equal(GroupState.Empty, _machine.State);
    }

    [Fact]
    public void An_administrator_removes_a_static_member_by_its_instance_id()
    {
        var (_, second) = Stable();

        var response = _machine.Leave((string.Empty, "i2"), (string.Empty, "i3"), (second, "i2"));

        Assert.Equal([ErrorCode.None, ErrorCode.UnknownMemberId, ErrorCode.UnknownMemberId], response.Members.Select(member => member.ErrorCode));
        Assert.Equal(GroupState.PreparingRebalance, _machine.State);
    }

    [Fact]
    public void Static_members_are_known_after_a_reload()
    {
        var (first, second) = Stable();
        _machine.Reload();

        Assert.Equal(ErrorCode.None, _machine.Heartbeat(first, 1, "i1"));
        Assert.Equal("B", GroupMachine.Text(_machine.Synced(_machine.Sync(second, 1, instanceId: "i2")).Assignment));
        Assert.Equal(ErrorCode.None, _machine.Joined(_machine.Join(instanceId: "i2")).ErrorCode);
        Assert.Equal(GroupState.Stable, _machine.State);
    }

    [Fact]
    public void An_id_that_was_given_to_a_dynamic_member_cannot_be_used_with_an_instance_id()
    {
        var pending = _machine.Joined(_machine.Join()).MemberId;

        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Joined(_machine.Join(pending, "i1")).ErrorCode);
    }
}
