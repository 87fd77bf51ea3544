using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage.Tests.Logs;

/// <summary>What a follower does to its log, and in whose name it may.</summary>
public sealed class FollowerLogTests : IDisposable
{
    private readonly LogFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void A_truncation_in_the_name_of_another_epoch_changes_nothing()
    {
        _fixture.Append(10);
        _fixture.Log.BeginFollowing(new LeaderEpoch(4));

        Assert.False(_fixture.Log.TryTruncateTo(5, new LeaderEpoch(3)));
        Assert.False(_fixture.Log.TryStartAnewAt(50, new LeaderEpoch(3), LogFixture.NowMs));
        Assert.Equal((0, 10), (_fixture.Log.LogStartOffset, _fixture.Log.LogEndOffset));
    }

    [Fact]
    public void An_epoch_without_records_goes_with_a_truncation_that_cuts_nothing()
    {
        _fixture.Log.BeginLeadership(new LeaderEpoch(2));
        _fixture.Append(LogFixture.Batch(10), epoch: 2);
        _fixture.Log.BeginLeadership(new LeaderEpoch(5));
        _fixture.Log.BeginFollowing(new LeaderEpoch(6));

        Assert.True(_fixture.Log.TryTruncateTo(10, new LeaderEpoch(6)));

        Assert.Equal(10, _fixture.Log.LogEndOffset);
        Assert.Equal(new LeaderEpoch(2), _fixture.Log.Epochs.Latest);
    }

    [Fact]
    public void A_truncation_into_a_batch_drops_all_of_it_and_leaves_no_gap()
    {
        _fixture.Append(10);
        _fixture.Append(10);
        _fixture.Log.TruncateTo(15);
        Assert.Equal(10, _fixture.Log.LogEndOffset);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(3)]
    [InlineData(0)]
    public void A_log_starts_anew_before_and_behind_what_it_had(long start)
    {
        _fixture.Log.Config = _fixture.Config = new LogConfig { SegmentBytes = 400 };
        for (var i = 0; i < 20; i++)
        {
            _fixture.AppendAs(1, sequence: i);
        }

        _fixture.Directory.WriteCheckpoints();
        _fixture.Log.BeginFollowing(new LeaderEpoch(7));

        Assert.True(_fixture.Log.TryStartAnewAt(start, new LeaderEpoch(7), LogFixture.NowMs));

        Assert.Equal((start, start, start), (_fixture.Log.LogStartOffset, _fixture.Log.HighWatermark, _fixture.Log.LogEndOffset));
        Assert.Empty(_fixture.Log.Epochs.Entries);
        Assert.Empty(_fixture.Log.ActiveProducers());

        var batch = LogFixture.Batch(2);
        RecordBatchStamp.BaseOffset(batch, start);
        RecordBatchStamp.PartitionLeaderEpoch(batch, 7);
        Assert.Equal(ErrorCode.None, _fixture.Append(batch, AppendOrigin.Replication, epoch: 7).Error);
        Assert.Equal([start], _fixture.ReadAll());
        _fixture.RestartAfterKill();
        Assert.Equal([start], _fixture.ReadAll());
        Assert.Equal((start, start + 2), (_fixture.Log.LogStartOffset, _fixture.Log.LogEndOffset));
    }

    [Fact]
    public void A_replicated_batch_of_a_later_epoch_than_is_followed_is_refused()
    {
        var batch = LogFixture.Batch(2);
        RecordBatchStamp.PartitionLeaderEpoch(batch, 8);
        _fixture.Log.BeginFollowing(new LeaderEpoch(7));

        Assert.Equal(ErrorCode.CorruptMessage, _fixture.Append(batch, AppendOrigin.Replication, epoch: 7).Error);
        Assert.Equal(0, _fixture.Log.LogEndOffset);
    }
}
