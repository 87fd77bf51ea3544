using OrleansBroker.Core.Groups;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Groups;

public sealed class JoinGroupTests
{
    private readonly GroupMachine _machine = new();

    [Fact]
    public void Join_without_a_group_id_is_refused() =>
        Assert.Equal(ErrorCode.InvalidGroupId, _machine.Joined(_machine.Join(group: string.Empty)).ErrorCode);

    [Theory]
    [InlineData(5_999)]
    [InlineData(1_800_001)]
    public void Join_with_a_session_timeout_out_of_bounds_is_refused(int sessionTimeoutMs) =>
        Assert.Equal(ErrorCode.InvalidSessionTimeout, _machine.Joined(_machine.Join(sessionTimeoutMs: sessionTimeoutMs)).ErrorCode);

    [Fact]
    public void Join_with_an_id_to_a_group_that_is_not_there_is_refused()
    {
        var response = _machine.Joined(_machine.Join("a-member"));

        Assert.Equal((ErrorCode.UnknownMemberId, "a-member"), (response.ErrorCode, response.MemberId));
        Assert.Empty(_machine.Log);
    }

    [Fact]
    public void Join_with_an_unknown_id_is_refused()
    {
        _machine.Stable(1);

        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Joined(_machine.Join("a-member")).ErrorCode);
    }

    [Fact]
    public void Join_without_an_id_is_a_member_at_once_before_version_4()
    {
        var token = _machine.Join(version: 3);
        _machine.Pass(3_000);

        Assert.Equal(ErrorCode.None, _machine.Joined(token).ErrorCode);
        Assert.StartsWith("client-", _machine.Joined(token).MemberId);
    }

    [Fact]
    public void Join_of_version_0_takes_the_session_timeout_for_the_rebalance_timeout()
    {
        _machine.Join(version: 0, rebalanceTimeoutMs: -1);

        Assert.Equal(GroupMachine.SessionTimeoutMs, Assert.Single(_machine.Shard.Find(GroupMachine.Group)!.Members).RebalanceTimeoutMs);
    }

    [Theory]
    [InlineData("connect", "range")]
    [InlineData("consumer", "sticky")]
    public void Join_with_another_protocol_than_the_group_has_is_refused(string protocolType, string protocol)
    {
        _machine.Stable(1);

        Assert.Equal(ErrorCode.InconsistentGroupProtocol, _machine.Joined(_machine.Join(protocolType: protocolType, protocols: [protocol])).ErrorCode);
    }

    [Fact]
    public void Join_without_protocols_is_refused_and_makes_no_group()
    {
        Assert.Equal(ErrorCode.InconsistentGroupProtocol, _machine.Joined(_machine.Join(protocols: [])).ErrorCode);
        Assert.Equal(ErrorCode.InconsistentGroupProtocol, _machine.Joined(_machine.Join(protocolType: string.Empty)).ErrorCode);
        Assert.Equal(GroupState.Dead, _machine.State);
        Assert.Empty(_machine.Log);
    }

    [Fact]
    public void The_protocol_is_the_one_that_all_offer_and_most_prefer()
    {
        var first = _machine.JoinNew(protocols: ["a", "b", "c"]).Token;
        _machine.JoinNew(protocols: ["c", "b"]);
        _machine.JoinNew(protocols: ["c", "b", "a"]);
        _machine.Pass(10_000);

        Assert.Equal("c", _machine.Joined(first).ProtocolName);
    }

    [Fact]
    public void Join_beyond_the_largest_size_is_refused()
    {
        var machine = new GroupMachine(new GroupOptions { SizeMax = 2 });
        var members = machine.Stable(2);

        Assert.Equal(ErrorCode.GroupMaxSizeReached, machine.Joined(machine.Join()).ErrorCode);
        Assert.Equal(ErrorCode.None, machine.Joined(machine.Join(members[1])).ErrorCode);
    }

    [Fact]
    public void A_group_that_is_too_large_when_loaded_shuts_out_the_last_to_join_again()
    {
        var large = new GroupMachine();
        var members = large.Stable(3);
        var machine = new GroupMachine(new GroupOptions { SizeMax = 2 });
        machine.Log.AddRange(large.Log);
        machine.Reload();
        Assert.Equal(GroupState.PreparingRebalance, machine.State);

        var tokens = members.Select(member => machine.Join(member)).ToArray();
        machine.Pass(GroupMachine.RebalanceTimeoutMs);

        Assert.Equal([ErrorCode.None, ErrorCode.None, ErrorCode.GroupMaxSizeReached], tokens.Select(token => machine.Joined(token).ErrorCode));
    }

    [Fact]
    public void Join_while_the_assignment_is_made_answers_the_same_generation_again()
    {
        var (memberId, _) = _machine.JoinNew();
        _machine.Pass(3_000);

        var response = _machine.Joined(_machine.Join(memberId));

        Assert.Equal((1, memberId), (response.GenerationId, response.Leader));
        Assert.Single(response.Members);
    }

    [Fact]
    public void A_protocol_name_that_the_log_cannot_hold_is_refused() =>
        Assert.Equal(ErrorCode.InvalidRequest, _machine.Joined(_machine.Join(protocols: [new string('p', 40_000)])).ErrorCode);

    [Fact]
    public void A_refusal_names_no_protocol() => Assert.Null(_machine.Joined(_machine.Join("a-member")).ProtocolName);
}
