using OrleansBroker.Core.Groups;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Groups;

public sealed class SyncGroupTests
{
    private readonly GroupMachine _machine = new();

    [Fact]
    public void Sync_with_a_group_that_is_not_there_is_refused() =>
        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Synced(_machine.Sync("a-member", 1)).ErrorCode);

    [Fact]
    public void Sync_of_an_unknown_member_is_refused()
    {
        _machine.Stable(1);

        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Synced(_machine.Sync("a-member", 1)).ErrorCode);
    }

    [Fact]
    public void Sync_with_another_generation_is_refused()
    {
        var members = _machine.Stable(1);

        Assert.Equal(ErrorCode.IllegalGeneration, _machine.Synced(_machine.Sync(members[0], 2)).ErrorCode);
    }

    [Theory]
    [InlineData("sticky", "consumer")]
    [InlineData("range", "connect")]
    [InlineData(null, "consumer")]
    [InlineData("range", null)]
    public void Sync_with_another_protocol_or_none_is_refused(string? name, string? type)
    {
        var members = _machine.Stable(1);

        Assert.Equal(ErrorCode.InconsistentGroupProtocol, _machine.Synced(_machine.Sync(members[0], 1, protocolName: name, protocolType: type)).ErrorCode);
    }

    [Fact]
    public void Sync_need_not_name_the_protocol_before_version_5()
    {
        var members = _machine.Stable(1);

        Assert.Equal(ErrorCode.None, _machine.Synced(_machine.Sync(members[0], 1, version: 4, protocolName: null, protocolType: null)).ErrorCode);
    }

    [Fact]
    public void Sync_in_Stable_answers_the_assignment_again()
    {
        var members = _machine.Stable(2);

        Assert.All(members, member => Assert.Equal("for " + member, GroupMachine.Text(_machine.Synced(_machine.Sync(member, 1)).Assignment)));
    }

    [Fact]
    public void A_group_whose_metadata_does_not_fit_a_record_is_told_so_and_rebalances()
    {
        var machine = new GroupMachine(new GroupOptions { RecordBytesMax = 1_000 });
        var leader = machine.JoinNew();
        var follower = machine.JoinNew();
        machine.Pass(6_000);
        var waiting = machine.Sync(follower.MemberId, 1);
        var records = machine.Log.Count;

        var syncing = machine.Sync(leader.MemberId, 1, new() { [leader.MemberId] = new string('x', 1_000) });

        Assert.Equal(ErrorCode.UnknownServerError, machine.Synced(waiting).ErrorCode);
        Assert.Equal(ErrorCode.UnknownServerError, machine.Synced(syncing).ErrorCode);
        Assert.Equal(GroupState.PreparingRebalance, machine.State);
        Assert.Equal(records, machine.Log.Count);
    }

    [Fact]
    public void A_member_that_waits_for_its_assignment_needs_no_heartbeats()
    {
        var leader = _machine.JoinNew();
        var follower = _machine.JoinNew();
        _machine.Pass(6_000);
        var waiting = _machine.Sync(follower.MemberId, 1);
        for (var waitedMs = 0; waitedMs < 30_000; waitedMs += 5_000)
        {
            _machine.Heartbeat(leader.MemberId, 1);
            _machine.Pass(5_000);
        }

        _machine.Sync(leader.MemberId, 1, new() { [follower.MemberId] = "late" });

        Assert.Equal("late", GroupMachine.Text(_machine.Synced(waiting).Assignment));
        _machine.Pass(GroupMachine.SessionTimeoutMs - 1);
        Assert.Equal(GroupState.Stable, _machine.State);
    }
}
