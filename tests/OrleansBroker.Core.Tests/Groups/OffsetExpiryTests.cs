using OrleansBroker.Core.Groups;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Groups;

/// <summary>When offsets go (KIP-211), and groups with them.</summary>
public sealed class OffsetExpiryTests
{
    private const long RetentionMs = 3_600_000;
    private const long CheckMs = 600_000;

    private readonly GroupMachine _machine = new(new GroupOptions { OffsetsRetentionMs = RetentionMs, OffsetsRetentionCheckIntervalMs = CheckMs });

    [Fact]
    public void Offsets_of_a_stand_alone_consumer_expire_after_the_commit_and_the_group_with_them()
    {
        _machine.Commit(1);
        _machine.Pass(RetentionMs - CheckMs);
        Assert.Equal(1, _machine.Fetch().CommittedOffset);

        _machine.Pass(2 * CheckMs);

        Assert.Equal(-1, _machine.Fetch().CommittedOffset);
        Assert.Equal(GroupState.Dead, _machine.State);
        Assert.Equal(string.Empty, GroupMachine.Durable(_machine.Replayed()));
    }

    [Fact]
    public void Offsets_of_a_group_expire_after_it_became_empty()
    {
        var members = _machine.Stable(1);
        _machine.Commit(1, members[0], 1);
        for (var passedMs = 0L; passedMs < 2 * RetentionMs; passedMs += 9_000)
        {
            _machine.Heartbeat(members[0], 1);
            _machine.Pass(9_000);
        }

        Assert.Equal(1, _machine.Fetch().CommittedOffset);
        _machine.Leave((members[0], null));
        _machine.Pass(RetentionMs - CheckMs);
        Assert.Equal(1, _machine.Fetch().CommittedOffset);
        Assert.Equal(GroupState.Empty, _machine.State);

        _machine.Pass(2 * CheckMs);

        Assert.Equal(GroupState.Dead, _machine.State);
    }

    [Fact]
    public void The_time_since_a_group_became_empty_survives_a_reload()
    {
        var members = _machine.Stable(1);
        _machine.Commit(1, members[0], 1);
        _machine.Leave((members[0], null));
        _machine.Pass(RetentionMs - CheckMs);
        _machine.Reload();
        Assert.Equal(1, _machine.Fetch().CommittedOffset);

        _machine.Pass(2 * CheckMs);

        Assert.Equal(GroupState.Dead, _machine.State);
    }

    [Fact]
    public void Offsets_of_a_topic_that_members_gave_up_expire_while_the_group_lives()
    {
        var members = _machine.Stable(1, topic: "t");
        _machine.Commit(1, members[0], 1, topic: "t");
        _machine.Commit(2, members[0], 1, topic: "u");

        for (var passedMs = 0L; passedMs < RetentionMs + CheckMs; passedMs += 9_000)
        {
            Assert.Equal(ErrorCode.None, _machine.Heartbeat(members[0], 1));
            _machine.Pass(9_000);
        }

        Assert.Equal(1, _machine.Fetch("t").CommittedOffset);
        Assert.Equal(-1, _machine.Fetch("u").CommittedOffset);
        Assert.Equal(GroupState.Stable, _machine.State);
    }

    [Fact]
    public void A_retention_time_that_the_client_chose_counts_from_the_commit()
    {
        _machine.Commit(1, retentionMs: 1, version: 4);
        _machine.Commit(2, partition: 1, retentionMs: 10 * RetentionMs, version: 4);

        _machine.Pass(RetentionMs + CheckMs);

        Assert.Equal(-1, _machine.Fetch().CommittedOffset);
        Assert.Equal(2, _machine.Fetch(partition: 1).CommittedOffset);
    }

    [Fact]
    public void A_group_without_members_and_offsets_goes_at_the_next_check()
    {
        var members = _machine.Stable(1);
        _machine.Leave((members[0], null));
        Assert.Equal(GroupState.Empty, _machine.State);

        _machine.Pass(CheckMs);

        Assert.Equal(GroupState.Dead, _machine.State);
        Assert.Equal(string.Empty, GroupMachine.Durable(_machine.Replayed()));
    }

    [Fact]
    public void A_group_that_a_member_is_about_to_join_stays()
    {
        _machine.Pass(CheckMs - (_machine.NowMs % CheckMs) - 1);
        _machine.Pass(_machine.Shard.NextDeadlineMs - _machine.NowMs - 1);
        var memberId = _machine.Joined(_machine.Join()).MemberId;

        _machine.Pass(1);

        Assert.True(_machine.IsWaiting(_machine.Join(memberId)));
    }
}
