using OrleansBroker.Core.Groups;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Tests.Groups;

public sealed class OffsetCommitTests
{
    private readonly GroupMachine _machine = new();

    [Fact]
    public void A_member_commits_and_fetches_an_offset_with_its_epoch_and_metadata()
    {
        var members = _machine.Stable(1);

        Assert.Equal(ErrorCode.None, _machine.Commit(42, members[0], 1, metadata: "note"));

        var fetched = _machine.Fetch();
        Assert.Equal((42L, 3, "note", ErrorCode.None), (fetched.CommittedOffset, fetched.CommittedLeaderEpoch, fetched.Metadata, fetched.ErrorCode));
    }

    [Fact]
    public void A_commit_is_nothing_until_it_is_replayed()
    {
        var token = _machine.NewToken();
        var result = _machine.Shard.CommitOffsets(GroupMachine.CommitRequest(42), new GroupCaller("c", "/h", 9), token, _machine.NowMs);

        Assert.True(result.IsRevocable);
        Assert.Equal(-1, _machine.Fetch().CommittedOffset);
        Assert.Equal(GroupState.Dead, _machine.State);
        _machine.Apply(result);
        Assert.Equal(42, _machine.Fetch().CommittedOffset);
    }

    [Fact]
    public void An_offset_that_was_never_committed_is_minus_one_without_an_error()
    {
        var fetched = _machine.Fetch();

        Assert.Equal((-1L, -1, string.Empty, ErrorCode.None), (fetched.CommittedOffset, fetched.CommittedLeaderEpoch, fetched.Metadata, fetched.ErrorCode));
    }

    [Fact]
    public void A_stand_alone_consumer_makes_the_group_by_its_commit()
    {
        Assert.Equal(ErrorCode.None, _machine.Commit(42));

        Assert.Equal(GroupState.Empty, _machine.State);
        Assert.Equal(ErrorCode.None, _machine.Commit(43));
        Assert.Equal(43, _machine.Fetch().CommittedOffset);
    }

    [Fact]
    public void A_retention_time_of_for_ever_is_no_harm_to_the_machine()
    {
        Assert.Equal(ErrorCode.None, _machine.Commit(42, version: 4, retentionMs: long.MaxValue));

        Assert.Equal(42, _machine.Fetch().CommittedOffset);
    }

    [Fact]
    public void A_stand_alone_consumer_may_not_commit_for_a_group_with_members()
    {
        _machine.Stable(1);

        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Commit(42));
    }

    [Fact]
    public void A_member_of_a_group_that_is_not_there_may_not_commit()
    {
        Assert.Equal(ErrorCode.GroupIdNotFound, _machine.Commit(42, "a-member", 1));
        Assert.Equal(ErrorCode.IllegalGeneration, _machine.Commit(42, "a-member", 1, version: 8));
    }

    [Fact]
    public void A_commit_of_a_stranger_or_of_another_generation_is_refused()
    {
        var members = _machine.Stable(1);

        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Commit(42, "a-member", 1));
        Assert.Equal(ErrorCode.IllegalGeneration, _machine.Commit(42, members[0], 2));
        Assert.Equal(ErrorCode.UnknownMemberId, _machine.Commit(42, members[0], 1, "an-instance"));
    }

    [Fact]
    public void Commits_of_the_old_generation_are_taken_in_PreparingRebalance()
    {
        var members = _machine.Stable(1);
        _machine.JoinNew();

        Assert.Equal(ErrorCode.None, _machine.Commit(42, members[0], 1));
    }

    [Fact]
    public void Commits_in_CompletingRebalance_are_told_to_wait()
    {
        var (memberId, _) = _machine.JoinNew();
        _machine.Pass(3_000);

        Assert.Equal(ErrorCode.RebalanceInProgress, _machine.Commit(42, memberId, 1));
    }

    [Fact]
    public void A_commit_keeps_the_session_alive()
    {
        var members = _machine.Stable(1);
        for (var i = 0; i < 5; i++)
        {
            _machine.Pass(GroupMachine.SessionTimeoutMs - 1);
            Assert.Equal(ErrorCode.None, _machine.Commit(i, members[0], 1));
        }
    }

    [Fact]
    public void Metadata_beyond_the_largest_size_is_refused_for_that_partition_alone()
    {
        var request = GroupMachine.CommitRequest(1, metadata: new string('m', 4_097));
        request.Topics[0].Partitions = [.. request.Topics[0].Partitions, new() { PartitionIndex = 1, CommittedOffset = 2, CommittedMetadata = new string('m', 4_096) }];
        var token = _machine.NewToken();

        _machine.Apply(_machine.Shard.CommitOffsets(request, new GroupCaller("c", "/h", 9), token, _machine.NowMs));

        var partitions = ((OffsetCommitResponse)_machine.Replies[token]).Topics[0].Partitions;
        Assert.Equal([ErrorCode.OffsetMetadataTooLarge, ErrorCode.None], partitions.Select(partition => partition.ErrorCode));
        Assert.Equal(-1, _machine.Fetch().CommittedOffset);
        Assert.Equal(2, _machine.Fetch(partition: 1).CommittedOffset);
    }

    [Fact]
    public void All_offsets_of_a_group_are_fetched_where_no_topics_are_named()
    {
        _machine.Commit(1, topic: "a");
        _machine.Commit(2, topic: "b", partition: 7);
        _machine.Commit(3, topic: "b", group: "another");

        var fetched = _machine.Shard.FetchOffsets(new OffsetFetchRequest.OffsetFetchRequestGroup { GroupId = GroupMachine.Group, Topics = null });

        Assert.Equal(
            [("a", 0, 1L), ("b", 7, 2L)],
            fetched.Topics.SelectMany(topic => topic.Partitions.Select(partition => (topic.Name, partition.PartitionIndex, partition.CommittedOffset))).Order());
        Assert.Empty(_machine.Shard.FetchOffsets(new OffsetFetchRequest.OffsetFetchRequestGroup { GroupId = "nobody", Topics = null }).Topics);
    }

    [Fact]
    public void Offsets_of_topics_that_nobody_subscribes_to_are_deleted()
    {
        var members = _machine.Stable(1, topic: "t");
        _machine.Commit(1, members[0], 1, topic: "t");
        _machine.Commit(2, members[0], 1, topic: "u");

        Assert.Equal(ErrorCode.GroupSubscribedToTopic, Delete("t").Topics[0].Partitions[0].ErrorCode);
        Assert.Equal(ErrorCode.None, Delete("u").Topics[0].Partitions[0].ErrorCode);
        Assert.Equal(ErrorCode.None, Delete("v").Topics[0].Partitions[0].ErrorCode);

        Assert.Equal(1, _machine.Fetch("t").CommittedOffset);
        Assert.Equal(-1, _machine.Fetch("u").CommittedOffset);
    }

    [Fact]
    public void Offsets_of_an_empty_group_are_deleted_whatever_it_subscribed_to()
    {
        var members = _machine.Stable(1, topic: "t");
        _machine.Commit(1, members[0], 1, topic: "t");
        _machine.Leave((members[0], null));

        Assert.Equal(ErrorCode.None, Delete("t").Topics[0].Partitions[0].ErrorCode);
        Assert.Equal(-1, _machine.Fetch("t").CommittedOffset);
    }

    [Fact]
    public void Offsets_of_a_group_with_members_of_another_kind_are_not_deleted()
    {
        _machine.Join(version: 3, protocolType: "connect");

        Assert.Equal(ErrorCode.NonEmptyGroup, Delete("t").ErrorCode);
    }

    [Fact]
    public void Deleting_offsets_of_a_group_that_is_not_there_is_refused()
    {
        Assert.Equal(ErrorCode.GroupIdNotFound, Delete("t").ErrorCode);
        Assert.Equal(ErrorCode.InvalidGroupId, Delete("t", string.Empty).ErrorCode);
    }

    [Fact]
    public void A_deleted_topic_takes_the_offsets_of_all_groups_with_it()
    {
        _machine.Commit(1, topic: "t");
        _machine.Commit(2, topic: "u");
        _machine.Commit(3, topic: "t", partition: 5, group: "another");

        _machine.Apply(_machine.Shard.DeleteTopicOffsets("t", _machine.NewToken()));

        Assert.Equal(-1, _machine.Fetch("t").CommittedOffset);
        Assert.Equal(2, _machine.Fetch("u").CommittedOffset);
        Assert.Equal(-1, _machine.Fetch("t", 5, "another").CommittedOffset);
    }

    private OffsetDeleteResponse Delete(string topic, string group = GroupMachine.Group)
    {
        var token = _machine.NewToken();
        _machine.Apply(_machine.Shard.DeleteOffsets(
            new OffsetDeleteRequest { GroupId = group, Topics = [new() { Name = topic, Partitions = [new() { PartitionIndex = 0 }] }] }, token));
        return (OffsetDeleteResponse)_machine.Replies[token];
    }
}
