using OrleansBroker.Protocol;
using OrleansBroker.Simulation;

namespace OrleansBroker.Storage.Tests.Logs;

public sealed class RetentionTests : IDisposable
{
    private const int SegmentBytes = 1000;

    private readonly LogFixture _fixture = new(new LogConfig { SegmentBytes = SegmentBytes, RetentionMs = -1 });

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void A_segment_is_rolled_before_it_grows_too_big()
    {
        Fill(50);
        Assert.True(_fixture.Log.SegmentCount > 4);
        Assert.All(_fixture.Log.Segments, segment => Assert.InRange(segment.SizeBytes, 1, SegmentBytes));
    }

    [Fact]
    public void A_segment_is_rolled_when_its_first_batch_is_old()
    {
        _fixture.Log.Config = new LogConfig { SegmentMs = 1000, SegmentJitterMs = 0 };
        _fixture.Append(1);
        _fixture.Append(1, LogFixture.NowMs + 1000);
        Assert.Equal(1, _fixture.Log.SegmentCount);
        _fixture.Append(1, LogFixture.NowMs + 1001);
        Assert.Equal(2, _fixture.Log.SegmentCount);
        _fixture.Log.RollIfDue(LogFixture.NowMs + 2001);
        Assert.Equal(2, _fixture.Log.SegmentCount);
        _fixture.Log.RollIfDue(LogFixture.NowMs + 2002);
        Assert.Equal(3, _fixture.Log.SegmentCount);
        _fixture.Log.RollIfDue(LogFixture.NowMs + 99999);
        Assert.Equal(3, _fixture.Log.SegmentCount);
    }

    [Fact]
    public void A_segment_is_rolled_when_its_index_is_full()
    {
        _fixture.Log.Config = new LogConfig { SegmentIndexBytes = 48, IndexIntervalBytes = 0 };
        Fill(20);
        Assert.InRange(_fixture.Log.SegmentCount, 3, 6);
        Assert.Equal(20, _fixture.ReadAll().Count);
    }

    [Fact]
    public void A_segment_is_rolled_when_offsets_go_too_far_from_its_base()
    {
        _fixture.Append(1);
        var batch = LogFixture.Batch();
        OrleansBroker.Protocol.Records.RecordBatchStamp.BaseOffset(batch, 1L << 31);
        _fixture.Append(batch, AppendOrigin.Replication);
        Assert.Equal([0L, 1L << 31], _fixture.Log.Segments.Select(segment => segment.BaseOffset));
        Assert.Equal([1L << 31], _fixture.Read(1));
    }

    [Fact]
    public void Retention_by_size_keeps_at_least_that_much()
    {
        Fill(100);
        _fixture.Log.Config = new LogConfig { SegmentBytes = SegmentBytes, RetentionBytes = 3000, RetentionMs = -1 };
        Assert.True(_fixture.Log.ApplyRetention(LogFixture.NowMs) > 0);
        Assert.InRange(_fixture.Log.SizeBytes, 3000, 3000 + SegmentBytes);
        Assert.Equal(_fixture.Log.Segments[0].BaseOffset, _fixture.Log.LogStartOffset);
        Assert.Equal(ErrorCode.OffsetOutOfRange, _fixture.Log.Read(0, 100, 100, true).Error);
    }

    [Fact]
    public void Retention_by_time_may_take_all_and_offsets_go_on()
    {
        Fill(100);
        _fixture.Log.Config = new LogConfig { SegmentBytes = SegmentBytes, RetentionMs = 1000 };
        Assert.Equal(0, _fixture.Log.ApplyRetention(LogFixture.NowMs + 1000));
        _fixture.Log.ApplyRetention(LogFixture.NowMs + 1050);
        Assert.InRange(_fixture.Log.LogStartOffset, 40, 50);
        _fixture.Log.ApplyRetention(LogFixture.NowMs + 5000);
        Assert.Equal((100, 100, 1), (_fixture.Log.LogStartOffset, _fixture.Log.LogEndOffset, _fixture.Log.SegmentCount));
        Assert.Equal(0, _fixture.Log.ApplyRetention(LogFixture.NowMs + 9000));
        Assert.Equal(100, _fixture.Append(1).BaseOffset);
        _fixture.RestartAfterKill();
        Assert.Equal([100], _fixture.ReadAll());
    }

    [Fact]
    public void Nothing_at_or_behind_the_high_watermark_is_removed()
    {
        for (var i = 0; i < 30; i++)
        {
            _fixture.Log.Append(LogFixture.Batch(), new AppendOptions(new LeaderEpoch(0), LogFixture.NowMs));
        }

        _fixture.Log.Config = new LogConfig { SegmentBytes = SegmentBytes, RetentionMs = 1 };
        Assert.Equal(0, _fixture.Log.ApplyRetention(LogFixture.NowMs + 9000));
        _fixture.Log.AdvanceHighWatermark(20);
        _fixture.Log.ApplyRetention(LogFixture.NowMs + 9000);
        Assert.InRange(_fixture.Log.LogStartOffset, 10, 20);
    }

    [Fact]
    public void A_compacted_log_is_not_cut_by_time()
    {
        Fill(100);
        _fixture.Log.Config = new LogConfig { SegmentBytes = SegmentBytes, RetentionMs = 1, Delete = false, Compact = true };
        Assert.Equal(0, _fixture.Log.ApplyRetention(LogFixture.NowMs + 99999));
    }

    [Fact]
    public void Files_of_a_removed_segment_stay_readable_until_the_delay_is_over()
    {
        Fill(50);
        var read = _fixture.Log.Read(0, 100, 50, true).Records;
        Assert.Equal(ErrorCode.None, _fixture.Log.DeleteRecordsBefore(30));
        Assert.Equal(30, _fixture.Log.LogStartOffset);
        Assert.Contains("00000000000000000000.log.deleted", _fixture.FileNames());
        var bytes = new byte[read.Length];
        read.CopyTo(bytes);
        _fixture.Directory.DeleteExpired(LogFixture.NowMs);
        _fixture.Directory.DeleteExpired(LogFixture.NowMs + 59_999);
        Assert.Contains("00000000000000000000.log.deleted", _fixture.FileNames());
        _fixture.Directory.DeleteExpired(LogFixture.NowMs + 60_000);
        Assert.DoesNotContain(_fixture.FileNames(), name => name.EndsWith(".deleted", StringComparison.Ordinal));
        Assert.Equal(30, _fixture.Read(30)[0]);
    }

    [Fact]
    public void Records_are_deleted_up_to_the_high_watermark_only_and_for_good()
    {
        Fill(20);
        Assert.Equal(ErrorCode.OffsetOutOfRange, _fixture.Log.DeleteRecordsBefore(21));
        Assert.Equal(ErrorCode.None, _fixture.Log.DeleteRecordsBefore(13));
        Assert.Equal(ErrorCode.None, _fixture.Log.DeleteRecordsBefore(5));
        Assert.Equal(13, _fixture.Log.LogStartOffset);
        Assert.Equal(13, _fixture.Log.FindByTimestamp(0, long.MaxValue)!.Value.Offset);
        _fixture.RestartCleanly();
        Assert.Equal(13, _fixture.Log.LogStartOffset);
        Assert.Equal(ErrorCode.None, _fixture.Log.DeleteRecordsBefore(-1));
        Assert.Equal(20, _fixture.Log.LogStartOffset);
        _fixture.RestartCleanly();
        Assert.Equal((20, 20), (_fixture.Log.LogStartOffset, _fixture.Log.LogEndOffset));
    }

    [Fact]
    public void Segments_are_replaced_by_a_cleaned_one()
    {
        Fill(50);
        var replaced = _fixture.Log.Segments.Take(3).ToArray();
        var read = _fixture.Log.Read(0, 100, 50, true).Records;
        var cleaned = _fixture.Log.CreateCleanedSegment(replaced[0].BaseOffset, LogFixture.NowMs);
        var last = replaced[2].BaseOffset;
        var batch = new byte[LogFixture.Batch(valueBytes: 20).Length];
        replaced[2].File.Read(0, batch);
        cleaned.Append(batch, last, LogFixture.NowMs, last, _fixture.Log.Config);
        Assert.True(_fixture.Log.ReplaceSegments([cleaned], replaced));

        Assert.Equal(last, _fixture.Read(0, 1).Single());
        Assert.Equal(_fixture.Log.Segments[1].BaseOffset, _fixture.Read(last + 1, 1).Single());
        read.CopyTo(new byte[read.Length]);
        _fixture.RestartAfterKill();
        Assert.Equal(last, _fixture.Read(0, 1).Single());
        Assert.Empty(_fixture.Logger.Lines);

        var gone = _fixture.Log.Segments.Take(1).ToArray();
        _fixture.Log.DeleteRecordsBefore(40);
        Assert.False(_fixture.Log.ReplaceSegments([_fixture.Log.CreateCleanedSegment(0, 0)], gone));
    }

    [Fact]
    public void A_full_disk_refuses_appends_until_there_is_room()
    {
        var disk = new SimulatedDisk(1);
        using var fixture = new LogFixture(new LogConfig { SegmentBytes = 20_000 }, disk);
        fixture.Append(1);
        disk.Faults.CapacityBytes = 30_000;
        var appended = 1;
        AppendResult refused;
        while ((refused = fixture.Append(1, valueBytes: 500)).Error == ErrorCode.None)
        {
            appended++;
        }

        Assert.Equal(ErrorCode.KafkaStorageError, refused.Error);
        Assert.False(fixture.Log.IsFailed);
        Assert.Equal(appended, fixture.ReadAll().Count);
        Assert.Equal(ErrorCode.KafkaStorageError, fixture.Append(1, valueBytes: 500).Error);
        Assert.Single(fixture.Logger.Lines);
        disk.Faults.CapacityBytes = long.MaxValue;
        Assert.Equal(appended, fixture.Append(1, valueBytes: 500).BaseOffset);
        disk.ProcessKill();
        fixture.Open();
        Assert.Equal(appended + 1, fixture.ReadAll().Count);
    }

    [Fact]
    public void Another_write_error_fails_the_log_and_reads_go_on()
    {
        var disk = new SimulatedDisk(1);
        using var fixture = new LogFixture(files: disk);
        fixture.Append(1);
        disk.Faults.Concerns = path => path.EndsWith(".log", StringComparison.Ordinal);
        disk.Faults.WriteErrorChance = 1;
        Assert.Equal(ErrorCode.KafkaStorageError, fixture.Append(1).Error);
        disk.Faults.WriteErrorChance = 0;
        Assert.True(fixture.Log.IsFailed);
        Assert.Equal(ErrorCode.KafkaStorageError, fixture.Append(1).Error);
        Assert.Equal([0], fixture.ReadAll());
        Assert.Single(fixture.Logger.Lines);
    }

    private void Fill(int batches)
    {
        for (var i = 0; i < batches; i++)
        {
            _fixture.Append(1, LogFixture.NowMs + i, valueBytes: 20);
        }
    }

    [Fact]
    public void The_longest_delay_of_deletion_keeps_no_other_file_from_being_removed()
    {
        using var fixture = new LogFixture(new LogConfig { FileDeleteDelayMs = long.MaxValue });
        fixture.Append();
        fixture.Directory.OpenLog(new TopicPartition("other", 0), Guid.NewGuid(), new LogConfig { FileDeleteDelayMs = 0 });
        fixture.Directory.DeleteLog(LogFixture.Orders);
        fixture.Directory.DeleteLog(new TopicPartition("other", 0));
        fixture.Directory.DeleteExpired(LogFixture.NowMs);

        var left = Assert.Single(fixture.Files.ListDirectories(fixture.Path));
        Assert.StartsWith("orders-0.", left, StringComparison.Ordinal);
    }
}
