using OrleansBroker.Core.Groups;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Tests.Groups;

public sealed class MemberSessionTests
{
    private readonly GroupMachine _machine = new();

    [Fact]
    public void Heartbeats_keep_a_session_alive_for_ever()
    {
        var members = _machine.Stable(1);
        for (var i = 0; i < 100; i++)
        {
            _machine.Pass(GroupMachine.SessionTimeoutMs - 1);
            Assert.Equal(ErrorCode.None, _machine.Heartbeat(members[0], 1));
        }
    }

    [Fact]
    public void A_heartbeat_of_a_stranger_or_of_another_generation_is_refused()
    {
        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Heartbeat("a-member", 1));
        var members = _machine.Stable(1);

        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Heartbeat("a-member", 1));
        Assert.Equal(ErrorCode.IllegalGeneration, _machine.Heartbeat(members[0], 0));
        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Heartbeat(members[0], 1, "an-instance"));
        Assert.Equal(ErrorCode.InvalidGroupId, _machine.Shard.Heartbeat(new HeartbeatRequest(), _machine.NowMs));
    }

    [Fact]
    public void A_heartbeat_while_the_assignment_is_made_is_fine()
    {
        var (memberId, _) = _machine.JoinNew();
        _machine.Pass(3_000);

        Assert.Equal(ErrorCode.None, _machine.Heartbeat(memberId, 1));
    }

    [Fact]
    public void Leaving_a_group_that_is_not_there_is_refused_for_each_member()
    {
        var response = _machine.Leave(("a", null), ("b", null));

        Assert.Equal(ErrorCode.None, response.ErrorCode);
        Assert.All(response.Members, member => Assert.Equal(ErrorCode.UnknownMemberId, member.ErrorCode));
    }

    [Fact]
    public void Leaving_before_version_3_is_answered_for_the_request()
    {
        var members = _machine.Stable(2);
        var tokens = new[] { _machine.NewToken(), _machine.NewToken() };
        _machine.Apply(_machine.Shard.LeaveGroup(new LeaveGroupRequest { GroupId = GroupMachine.Group, MemberId = members[1] }, new GroupCaller("c", "/h", 2), tokens[0], _machine.NowMs));
        _machine.Apply(_machine.Shard.LeaveGroup(new LeaveGroupRequest { GroupId = GroupMachine.Group, MemberId = members[1] }, new GroupCaller("c", "/h", 2), tokens[1], _machine.NowMs));

        Assert.Equal([ErrorCode.None, ErrorCode.UnknownMemberId], tokens.Select(token => ((LeaveGroupResponse)_machine.Replies[token]).ErrorCode));
        Assert.Equal(GroupState.PreparingRebalance, _machine.State);
    }

    [Fact]
    public void Several_members_leave_at_once_and_cause_one_rebalance()
    {
        var members = _machine.Stable(3);

        var response = _machine.Leave((members[1], null), (members[2], null), ("a-member", null));

        Assert.Equal([ErrorCode.None, ErrorCode.None, ErrorCode.UnknownMemberId], response.Members.Select(member => member.ErrorCode));
        Assert.Equal(2, _machine.Joined(_machine.Join(members[0])).GenerationId);
    }

    [Fact]
    public void A_leader_that_leaves_is_succeeded()
    {
        var members = _machine.Stable(2);
        _machine.Leave((members[0], null));

        Assert.Equal(members[1], _machine.Joined(_machine.Join(members[1])).Leader);
    }

    [Fact]
    public void A_member_that_leaves_while_it_waits_is_answered()
    {
        var members = _machine.Stable(2);
        var waiting = _machine.Join(members[1], topic: "u");

        _machine.Leave((members[1], null));

        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Joined(waiting).ErrorCode);
    }

    [Fact]
    public void Members_have_their_session_timeout_to_be_heard_of_after_a_reload()
    {
        var members = _machine.Stable(2);
        _machine.Pass(GroupMachine.SessionTimeoutMs - 1);
        _machine.Reload();
        Assert.Equal(GroupState.Stable, _machine.State);
        _machine.Pass(GroupMachine.SessionTimeoutMs - 1);
        Assert.Equal(ErrorCode.None, _machine.Heartbeat(members[0], 1));

        _machine.Pass(1);

        Assert.Equal(ErrorCode.RebalanceInProgress, _machine.Heartbeat(members[0], 1));
        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Heartbeat(members[1], 1));
    }

    [Fact]
    public void Nothing_happens_to_a_group_that_was_deleted()
    {
        _machine.Join();
        var token = _machine.NewToken();
        _machine.Apply(_machine.Shard.DeleteGroups([GroupMachine.Group], token));

        _machine.Pass(3_600_000);

        Assert.Equal(GroupState.Dead, _machine.State);
    }
}
