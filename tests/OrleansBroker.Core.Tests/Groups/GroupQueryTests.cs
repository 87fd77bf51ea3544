using OrleansBroker.Core.Groups;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Tests.Groups;

public sealed class GroupQueryTests
{
    private readonly GroupMachine _machine = new();

    [Fact]
    public void A_stable_group_is_described_with_the_metadata_and_assignments_of_its_members()
    {
        var members = _machine.Stable(2);

        var group = Describe(GroupMachine.Group);

        Assert.Equal((ErrorCode.None, "Stable", "consumer", "range"), (group.ErrorCode, group.GroupState, group.ProtocolType, group.ProtocolData));
        var member = Assert.Single(group.Members, member => member.MemberId == members[1]);
        Assert.Equal(("client", "/10.0.0.1", "for " + members[1]), (member.ClientId, member.ClientHost, GroupMachine.Text(member.MemberAssignment)));
        Assert.Equal(GroupMachine.Subscribe("t"), member.MemberMetadata.ToArray());
    }

    [Fact]
    public void A_group_that_is_not_stable_is_described_without_protocol_and_metadata()
    {
        _machine.JoinNew();

        var group = Describe(GroupMachine.Group);

        Assert.Equal(("PreparingRebalance", "consumer", string.Empty), (group.GroupState, group.ProtocolType, group.ProtocolData));
        Assert.True(Assert.Single(group.Members).MemberMetadata.IsEmpty);
    }

    [Fact]
    public void A_group_that_is_not_there_is_dead_and_from_version_6_an_error()
    {
        Assert.Equal((ErrorCode.None, "Dead"), (Describe("nobody", 5).ErrorCode, Describe("nobody", 5).GroupState));
        Assert.Equal((ErrorCode.GroupIdNotFound, "Dead"), (Describe("nobody", 6).ErrorCode, Describe("nobody", 6).GroupState));
        Assert.NotNull(Describe("nobody", 6).ErrorMessage);
    }

    [Fact]
    public void Groups_are_listed_by_state_and_type_however_they_are_spelt()
    {
        _machine.Stable(1);
        _machine.Commit(1, group: "stand-alone");

        Assert.Equal(["orders", "stand-alone"], List([], []));
        Assert.Equal(["orders"], List(["stable"], []));
        Assert.Equal(["stand-alone"], List(["EMPTY", "Dead"], ["Classic"]));
        Assert.Empty(List([], ["consumer"]));
        Assert.Empty(List(["nonsense"], []));
        Assert.Equal(("consumer", "Stable", "classic"), _machine.Shard.ListGroups(["Stable"], []).Select(group => (group.ProtocolType, group.GroupState, group.GroupType)).Single());
    }

    [Fact]
    public void Groups_without_members_are_deleted_with_their_offsets()
    {
        _machine.Stable(1);
        _machine.Commit(1, group: "stand-alone");
        var token = _machine.NewToken();

        _machine.Apply(_machine.Shard.DeleteGroups([GroupMachine.Group, "stand-alone", "nobody", "nobody"], token));

        Assert.Equal(
            [(GroupMachine.Group, ErrorCode.NonEmptyGroup), ("stand-alone", ErrorCode.None), ("nobody", ErrorCode.GroupIdNotFound)],
            ((DeleteGroupsResponse)_machine.Replies[token]).Results.Select(result => (result.GroupId, result.ErrorCode)));
        Assert.Equal(["orders"], List([], []));
        Assert.Equal(-1, _machine.Fetch(group: "stand-alone").CommittedOffset);
    }

    private DescribeGroupsResponse.DescribedGroup Describe(string group, short version = 6) => _machine.Shard.DescribeGroup(group, new GroupCaller("c", "/h", version));

    private IEnumerable<string> List(string[] states, string[] types) => _machine.Shard.ListGroups(states, types).Select(group => group.GroupId).Order();
}
