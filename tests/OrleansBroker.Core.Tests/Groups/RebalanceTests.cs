using OrleansBroker.Core.Groups;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Groups;

/// <summary>The transitions of a group, one by one.</summary>
public sealed class RebalanceTests
{
    private readonly GroupMachine _machine = new();

    [Fact]
    public void Dead_to_Empty_when_a_member_asks_for_its_id()
    {
        var token = _machine.Join();

        Assert.Equal(ErrorCode.MemberIdRequired, _machine.Joined(token).ErrorCode);
        Assert.Equal("client-00000001-0000-0000-0000-000000000000", _machine.Joined(token).MemberId);
        Assert.Equal(GroupState.Empty, _machine.State);
        Assert.Single(_machine.Log);
    }

    [Fact]
    public void Empty_to_PreparingRebalance_when_a_member_joins()
    {
        var (_, token) = _machine.JoinNew();

        Assert.Equal(GroupState.PreparingRebalance, _machine.State);
        Assert.True(_machine.IsWaiting(token));
    }

    [Fact]
    public void PreparingRebalance_to_CompletingRebalance_after_the_initial_delay()
    {
        var (memberId, token) = _machine.JoinNew();
        _machine.Pass(2_999);
        Assert.True(_machine.IsWaiting(token));

        _machine.Pass(1);

        Assert.Equal(GroupState.CompletingRebalance, _machine.State);
        var response = _machine.Joined(token);
        Assert.Equal((ErrorCode.None, 1, "consumer", "range"), (response.ErrorCode, response.GenerationId, response.ProtocolType, response.ProtocolName));
        Assert.Equal((memberId, memberId), (response.Leader, response.MemberId));
        Assert.Equal(memberId, Assert.Single(response.Members).MemberId);
    }

    [Fact]
    public void The_initial_delay_begins_again_with_each_member_that_joins()
    {
        var first = _machine.JoinNew().Token;
        _machine.Pass(2_000);
        var second = _machine.JoinNew().Token;
        _machine.Pass(1_000);
        Assert.True(_machine.IsWaiting(first));

        _machine.Pass(3_000);

        Assert.Equal(1, _machine.Joined(second).GenerationId);
        Assert.Equal(2, _machine.Joined(first).Members.Length);
        Assert.Empty(_machine.Joined(second).Members);
    }

    [Fact]
    public void The_initial_delay_ends_with_the_rebalance_timeout()
    {
        var first = _machine.JoinNew(rebalanceTimeoutMs: 7_000).Token;
        for (var i = 0; i < 7; i++)
        {
            Assert.True(_machine.IsWaiting(first));
            _machine.Pass(1_000);
            _machine.JoinNew(rebalanceTimeoutMs: 7_000);
        }

        Assert.Equal(1, _machine.Joined(first).GenerationId);
    }

    [Fact]
    public void CompletingRebalance_to_Stable_when_the_leaders_assignment_is_replayed()
    {
        var leader = _machine.JoinNew();
        var follower = _machine.JoinNew();
        _machine.Pass(6_000);
        var waiting = _machine.Sync(follower.MemberId, 1);
        Assert.True(_machine.IsWaiting(waiting));

        var token = _machine.NewToken();
        var result = _machine.Shard.SyncGroup(
            new Protocol.Messages.SyncGroupRequest
            {
                GroupId = GroupMachine.Group,
                MemberId = leader.MemberId,
                GenerationId = 1,
                ProtocolType = "consumer",
                ProtocolName = "range",
                Assignments = [new() { MemberId = follower.MemberId, Assignment = "all"u8.ToArray() }],
            },
            new GroupCaller("client", "/10.0.0.1", 5), token, _machine.NowMs);
        Assert.Equal(GroupState.CompletingRebalance, _machine.State);
        Assert.Single(result.Records);
        Assert.Equal(2, result.Replies.Count);

        _machine.Apply(result);

        Assert.Equal(GroupState.Stable, _machine.State);
        Assert.Equal("all", GroupMachine.Text(_machine.Synced(waiting).Assignment));
        Assert.Equal(string.Empty, GroupMachine.Text(_machine.Synced(token).Assignment));
        Assert.Equal(("consumer", "range"), (_machine.Synced(waiting).ProtocolType, _machine.Synced(waiting).ProtocolName));
    }

    [Fact]
    public void CompletingRebalance_to_PreparingRebalance_when_a_new_member_joins()
    {
        var leader = _machine.JoinNew();
        var follower = _machine.JoinNew();
        _machine.Pass(6_000);
        var waiting = _machine.Sync(follower.MemberId, 1);

        _machine.JoinNew();

        Assert.Equal(GroupState.PreparingRebalance, _machine.State);
        Assert.Equal(ErrorCode.RebalanceInProgress, _machine.Synced(waiting).ErrorCode);
        Assert.Equal(ErrorCode.RebalanceInProgress, _machine.Synced(_machine.Sync(leader.MemberId, 1)).ErrorCode);
    }

    [Fact]
    public void CompletingRebalance_to_PreparingRebalance_when_members_do_not_ask_for_their_assignment()
    {
        var leader = _machine.JoinNew();
        var silent = _machine.JoinNew();
        _machine.Pass(6_000);
        for (var waitedMs = 0; waitedMs < GroupMachine.RebalanceTimeoutMs; waitedMs += 5_000)
        {
            Assert.Equal(ErrorCode.None, _machine.Heartbeat(leader.MemberId, 1));
            Assert.Equal(ErrorCode.None, _machine.Heartbeat(silent.MemberId, 1));
            _machine.Sync(leader.MemberId, 1, version: 4);
            _machine.Pass(5_000);
        }

        Assert.Equal(GroupState.PreparingRebalance, _machine.State);
        Assert.Equal(ErrorCode.RebalanceInProgress, _machine.Heartbeat(leader.MemberId, 1));
        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Heartbeat(silent.MemberId, 1));
    }

    [Fact]
    public void Stable_to_PreparingRebalance_when_a_new_member_joins()
    {
        var members = _machine.Stable(2);

        var joined = _machine.JoinNew().Token;

        Assert.Equal(GroupState.PreparingRebalance, _machine.State);
        Assert.True(_machine.IsWaiting(joined));
        Assert.All(members, member => Assert.Equal(ErrorCode.RebalanceInProgress, _machine.Heartbeat(member, 1)));
        var again = members.Select(member => _machine.Join(member)).ToArray();
        Assert.Equal(GroupState.CompletingRebalance, _machine.State);
        Assert.All(again, token => Assert.Equal(2, _machine.Joined(token).GenerationId));
        Assert.Equal(3, _machine.Joined(again[0]).Members.Length);
    }

    [Fact]
    public void Stable_to_PreparingRebalance_when_the_leader_joins_again()
    {
        var members = _machine.Stable(2);

        Assert.True(_machine.IsWaiting(_machine.Join(members[0])));

        Assert.Equal(GroupState.PreparingRebalance, _machine.State);
    }

    [Fact]
    public void Stable_to_PreparingRebalance_when_a_follower_changes_what_it_subscribes_to()
    {
        var members = _machine.Stable(2);

        Assert.True(_machine.IsWaiting(_machine.Join(members[1], topic: "u")));

        Assert.Equal(GroupState.PreparingRebalance, _machine.State);
    }

    [Fact]
    public void Stable_stays_when_a_follower_joins_again_unchanged()
    {
        var members = _machine.Stable(2);

        var response = _machine.Joined(_machine.Join(members[1]));

        Assert.Equal(GroupState.Stable, _machine.State);
        Assert.Equal((1, members[0]), (response.GenerationId, response.Leader));
        Assert.Equal("for " + members[1], GroupMachine.Text(_machine.Synced(_machine.Sync(members[1], 1)).Assignment));
    }

    [Fact]
    public void Stable_to_PreparingRebalance_when_a_session_ends()
    {
        var members = _machine.Stable(2);
        _machine.Pass(GroupMachine.SessionTimeoutMs - 1);
        _machine.Heartbeat(members[0], 1);

        _machine.Pass(1);

        Assert.Equal(GroupState.PreparingRebalance, _machine.State);
        Assert.Equal(ErrorCode.RebalanceInProgress, _machine.Heartbeat(members[0], 1));
        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Heartbeat(members[1], 1));
    }

    [Fact]
    public void PreparingRebalance_ends_without_members_that_do_not_join_in_time()
    {
        var members = _machine.Stable(2);
        var joined = _machine.JoinNew();
        for (var waitedMs = 0; waitedMs < GroupMachine.RebalanceTimeoutMs; waitedMs += 5_000)
        {
            Assert.True(_machine.IsWaiting(joined.Token));
            Assert.All(members, member => _machine.Heartbeat(member, 1));
            _machine.Pass(5_000);
        }

        Assert.Equal(GroupState.CompletingRebalance, _machine.State);
        Assert.Equal(joined.MemberId, _machine.Joined(joined.Token).Leader);
        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Heartbeat(members[0], 1));
    }

    [Fact]
    public void PreparingRebalance_to_Empty_when_the_last_member_goes()
    {
        var members = _machine.Stable(1);

        Assert.Equal(ErrorCode.None, _machine.Leave((members[0], null)).Members[0].ErrorCode);

        Assert.Equal(GroupState.Empty, _machine.State);
        Assert.Equal(2, _machine.Generation);
        Assert.Empty(_machine.Shard.CommittedGroups[GroupMachine.Group].Members);
    }

    [Fact]
    public void Empty_to_PreparingRebalance_again_goes_on_counting_generations()
    {
        var members = _machine.Stable(1);
        _machine.Leave((members[0], null));

        var joined = _machine.JoinNew().Token;
        _machine.Pass(3_000);

        Assert.Equal(3, _machine.Joined(joined).GenerationId);
    }

    [Fact]
    public void A_rebalance_completes_when_the_one_that_is_missing_leaves()
    {
        var members = _machine.Stable(2);
        var joined = _machine.Join(members[0]);
        Assert.True(_machine.IsWaiting(joined));

        _machine.Leave((members[1], null));

        Assert.Equal(2, _machine.Joined(joined).GenerationId);
    }

    [Fact]
    public void A_rebalance_waits_for_members_that_were_given_an_id()
    {
        var members = _machine.Stable(1);
        var pending = _machine.Joined(_machine.Join()).MemberId;
        var joined = _machine.Join(members[0]);
        Assert.True(_machine.IsWaiting(joined));

        _machine.Leave((pending, null));

        Assert.Equal(2, _machine.Joined(joined).GenerationId);
    }

    [Fact]
    public void A_member_that_never_comes_back_with_its_id_is_forgotten_after_its_session_timeout()
    {
        var members = _machine.Stable(1);
        _machine.Join();
        var joined = _machine.Join(members[0]);

        _machine.Pass(GroupMachine.SessionTimeoutMs);

        Assert.Equal(2, _machine.Joined(joined).GenerationId);
    }

    [Fact]
    public void A_new_member_that_hangs_in_its_first_join_is_given_up_after_five_minutes()
    {
        var members = _machine.Stable(1);
        var joined = _machine.Join(version: 3, rebalanceTimeoutMs: 3_600_000);
        for (var waitedMs = 0; waitedMs < 300_000; waitedMs += 5_000)
        {
            Assert.True(_machine.IsWaiting(joined));
            _machine.Heartbeat(members[0], 1);
            _machine.Pass(5_000);
        }

        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Joined(joined).ErrorCode);
    }

    [Fact]
    public void A_second_join_of_the_same_member_answers_the_first()
    {
        var members = _machine.Stable(2);
        var first = _machine.Join(members[0]);

        var second = _machine.Join(members[0]);

        Assert.Equal(ErrorCode.RebalanceInProgress, _machine.Joined(first).ErrorCode);
        Assert.True(_machine.IsWaiting(second));
    }
}
