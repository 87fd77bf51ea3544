using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Simulation;
using OrleansBroker.Storage.Cleaning;

namespace OrleansBroker.Storage.Tests.Cleaning;

public class CompactionTests
{
    public static TheoryData<CompressionCodec> Codecs => [.. Enum.GetValues<CompressionCodec>().Where(RecordCompression.IsAvailable)];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void The_last_value_of_each_key_remains_at_its_offset(CompressionCodec codec)
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        for (var i = 0; i < 300; i += 3)
        {
            log.Append(codec, ($"key-{i % 7}", $"value-{i}"), ($"key-{(i + 1) % 7}", $"value-{i + 1}"), ($"once-{i}", $"value-{i + 2}"));
        }

        log.Roll();
        var active = log.Log.LogEndOffset - 1;
        var expected = LastOfEachKey(log.Records(), active);
        var sizeBefore = log.Log.SizeBytes;

        Assert.True(log.Clean());
        Assert.Equal(expected, log.Records());
        Assert.True(log.Log.SizeBytes < sizeBefore);
        Assert.False(log.Clean());

        log.Disk.ProcessKill();
        Assert.Equal(expected, LogHarness.Open(log.Disk, nowMs: log.NowMs).Records());
    }

    [Fact]
    public void Reads_from_any_offset_find_the_next_record_left()
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        for (var i = 0; i < 100; i++)
        {
            log.Append(("a", $"{i}"), (i % 10 == 0 ? $"b{i}" : "b", $"{i}"));
        }

        log.Roll();
        log.Clean();
        var all = log.Records();
        for (var offset = 0L; offset < log.Log.LogEndOffset; offset++)
        {
            Assert.Equal(all.Where(record => OffsetOf(record) >= offset), log.Records(from: offset));
        }

        for (var timestamp = LogHarness.StartMs; timestamp < log.NowMs; timestamp += 7)
        {
            var found = log.Log.FindByTimestamp(timestamp, log.Log.LogEndOffset);
            Assert.NotNull(found);
            Assert.Contains(all, record => OffsetOf(record) == found.Value.Offset);
        }
    }

    [Fact]
    public void Segments_that_have_become_small_are_merged()
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        for (var i = 0; i < 500; i++)
        {
            log.Append(("a", $"{i}"));
        }

        log.Roll();
        Assert.True(log.Log.SegmentCount > 10);
        log.Clean();
        log.Roll();
        log.Clean();
        Assert.InRange(log.Log.SegmentCount, 2, 3);
    }

    [Fact]
    public void A_tombstone_goes_when_its_retention_is_over_and_not_before()
    {
        var config = LogHarness.Compacted with { DeleteRetentionMs = 10_000 };
        var log = LogHarness.Open(new SimulatedDisk(1), config);
        log.Append(("a", "1"), ("b", "2"));
        log.Append(("a", null));
        CleanRolled();
        Assert.Equal(["1:b=2", "2:a=<null>"], log.Records().Where(record => !record.Contains("filler")));

        log.NowMs += 9_000;
        CleanRolled();
        Assert.Contains("2:a=<null>", log.Records());

        log.NowMs += 1_001;
        CleanRolled();
        Assert.Equal(["1:b=2"], log.Records().Where(record => !record.Contains("filler")));

        void CleanRolled()
        {
            log.Roll();
            Assert.True(log.Clean());
        }
    }

    [Fact]
    public void The_active_segment_is_left_alone()
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        log.Append(("a", "1"));
        log.Append(("a", "2"));
        Assert.False(log.Clean());
        Assert.Equal(2, log.Records().Count);
    }

    [Fact]
    public void Nothing_above_the_high_watermark_is_touched()
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        log.Append(("a", "1"));
        var watermark = log.Log.LogEndOffset;
        using var builder = new RecordBatchBuilder();
        while (log.Log.SegmentCount < 4)
        {
            builder.Clear();
            builder.Append(log.NowMs, "a"u8, new byte[300]);
            Assert.Equal(ErrorCode.None, log.Log.Append(builder.Build().Span, new AppendOptions(new LeaderEpoch(0), log.NowMs)).Error);
        }

        Assert.Equal(watermark, log.Log.HighWatermark);
        Assert.False(log.Clean());
        log.Log.AdvanceHighWatermark(log.Log.LogEndOffset);
        Assert.True(log.Clean());
    }

    [Fact]
    public void Segments_younger_than_the_min_lag_are_left_alone()
    {
        var log = LogHarness.Open(new SimulatedDisk(1), LogHarness.Compacted with { MinCompactionLagMs = 60_000 });
        log.Append(("a", "1"));
        log.Append(("a", "2"));
        log.Roll();
        Assert.False(log.Clean());
        log.NowMs += 60_000;
        Assert.True(log.Clean());
        Assert.Equal("1:a=2", log.Records()[0]);
    }

    [Fact]
    public void A_log_below_the_dirty_ratio_waits_until_the_max_lag_is_over()
    {
        var config = LogHarness.Compacted with { MinCleanableDirtyRatio = 0.5, MaxCompactionLagMs = 3_600_000 };
        var log = LogHarness.Open(new SimulatedDisk(1), config);
        for (var i = 0; i < 200; i++)
        {
            log.Append(($"key-{i}", new string('v', 100)));
        }

        log.Roll();
        var cleaner = new LogCleaner(log.Directory, new LogCleanerOptions(), log.Logger);
        Assert.True(cleaner.CleanOne(log.NowMs, CancellationToken.None));
        log.Append(("key-1", "again"));
        log.Roll();
        Assert.False(cleaner.CleanOne(log.NowMs, CancellationToken.None));
        log.NowMs += 3_600_100;
        Assert.True(cleaner.CleanOne(log.NowMs, CancellationToken.None));
        Assert.DoesNotContain(log.Records(), record => record.StartsWith("1:", StringComparison.Ordinal));
    }

    [Fact]
    public void The_dirtiest_log_comes_first()
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        log.Append(("a", "1"));
        log.Roll();
        log.Clean();
        log.Roll();
        var other = log.Directory.OpenLog(new TopicPartition("others", 0), Guid.NewGuid(), LogHarness.Compacted);
        using var builder = new RecordBatchBuilder();
        while (other.SegmentCount < 2)
        {
            builder.Clear();
            builder.Append(log.NowMs, "x"u8, new byte[500]);
            other.Append(builder.Build().Span, new AppendOptions(new LeaderEpoch(0), log.NowMs));
        }

        other.AdvanceHighWatermark(other.LogEndOffset);
        var dirty = other.SizeBytes;
        log.Clean();
        Assert.True(other.SizeBytes < dirty);
    }

    [Fact]
    public void A_log_that_is_not_compacted_is_left_alone()
    {
        var log = LogHarness.Open(new SimulatedDisk(1), LogHarness.Compacted with { Compact = false, Delete = true });
        log.Append(("a", "1"));
        log.Roll();
        Assert.False(log.Clean());
    }

    [Fact]
    public void Compact_and_delete_together_compact_and_delete()
    {
        var log = LogHarness.Open(new SimulatedDisk(1), LogHarness.Compacted with { Delete = true, RetentionMs = 10_000 });
        log.Append(("old", "1"));
        log.Append(("old", "2"));
        log.Roll();
        Assert.True(log.Clean());
        Assert.Equal("1:old=2", log.Records()[0]);

        log.NowMs += 20_000;
        log.Append(("new", "3"));
        Assert.True(log.Log.ApplyRetention(log.NowMs) > 0);
        Assert.DoesNotContain(log.Records(), record => record.Contains("old"));
        Assert.Contains("3", log.Latest()["new"]);
    }

    [Fact]
    public void Compact_alone_deletes_nothing_by_age()
    {
        var log = LogHarness.Open(new SimulatedDisk(1), LogHarness.Compacted with { RetentionMs = 1, RetentionBytes = 1 });
        log.Append(("old", "1"));
        log.Roll();
        log.NowMs += 20_000;
        Assert.Equal(0, log.Log.ApplyRetention(log.NowMs));
        Assert.Equal("1", log.Latest()["old"]);
    }

    [Fact]
    public void A_full_offset_map_takes_several_runs()
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        for (var i = 0; i < 300; i++)
        {
            log.Append(($"key-{i % 100}", $"value-{i}"), ($"key-{(i + 1) % 100}", $"value-{i}"));
        }

        log.Roll();
        var expected = LastOfEachKey(log.Records(), log.Log.LogEndOffset - 1);
        var cleaner = new LogCleaner(log.Directory, new LogCleanerOptions { DedupeBufferBytes = 40 * 24 }, log.Logger);
        var runs = 0;
        while (cleaner.CleanOne(log.NowMs, CancellationToken.None))
        {
            Assert.True(++runs < 100);
        }

        Assert.InRange(runs, 3, 99);
        Assert.Equal(expected, log.Records());
    }

    [Fact]
    public void Idempotent_producers_are_still_known_after_compaction_and_restart()
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(ErrorCode.None, log.AppendAs(4000, i, ("a", $"{i}")).Error);
        }

        log.Append(("a", "last"));
        log.Roll();
        log.Clean();
        Assert.Equal(["10:a=last"], log.Records().Where(record => record.Contains(":a=")));

        // Without snapshots all that is known of a producer is what the log still says.
        log.Disk.ProcessKill();
        foreach (var name in log.Disk.ListFiles(LogHarness.LogPath).Where(name => name.EndsWith(".snapshot", StringComparison.Ordinal)))
        {
            log.Disk.DeleteFile($"{LogHarness.LogPath}/{name}");
        }

        var again = LogHarness.Open(log.Disk, nowMs: log.NowMs, bootId: "boot-2");
        var duplicate = again.AppendAs(4000, 9, ("a", "9"));
        Assert.True(duplicate.Duplicate);
        Assert.Equal(9, duplicate.BaseOffset);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, again.AppendAs(4000, 12, ("a", "12")).Error);
        Assert.Equal(ErrorCode.None, again.AppendAs(4000, 10, ("a", "10")).Error);
    }

    [Fact]
    public void The_checkpoint_survives_a_restart_and_not_the_log()
    {
        var log = LogHarness.Open(new SimulatedDisk(1), LogHarness.Compacted with { MinCleanableDirtyRatio = 0.01 });
        log.Append(("a", "1"));
        log.Roll();
        log.Clean();
        log.Directory.CloseCleanly(log.NowMs);
        log.Directory.Dispose();

        var again = LogHarness.Open(log.Disk, LogHarness.Compacted with { MinCleanableDirtyRatio = 0.01 }, log.NowMs);
        var cleaner = new LogCleaner(again.Directory, new LogCleanerOptions(), again.Logger);
        Assert.False(cleaner.CleanOne(again.NowMs, CancellationToken.None));

        again.Directory.DeleteLog(LogHarness.Orders);
        var anew = again.Directory.OpenLog(LogHarness.Orders, Guid.NewGuid(), LogHarness.Compacted);
        using var builder = new RecordBatchBuilder();
        while (anew.SegmentCount < 3)
        {
            builder.Clear();
            builder.Append(log.NowMs, "x"u8, new byte[500]);
            anew.Append(builder.Build().Span, new AppendOptions(new LeaderEpoch(0), log.NowMs));
        }

        anew.AdvanceHighWatermark(anew.LogEndOffset);
        Assert.True(cleaner.CleanOne(again.NowMs, CancellationToken.None));
    }

    [Fact]
    public void Commits_of_ten_groups_stay_small_for_ever()
    {
        var config = LogHarness.Compacted with { SegmentBytes = 100 << 10, SegmentIndexBytes = 4096, IndexIntervalBytes = 4096, MinCleanableDirtyRatio = 0.5 };
        var log = LogHarness.Open(new SimulatedDisk(1), config);
        var cleaner = new LogCleaner(log.Directory, new LogCleanerOptions(), log.Logger);
        var sizeMax = 0L;
        for (var commit = 0; commit < 100_000; commit++)
        {
            log.Append(($"group-{commit % 10}", $"{commit}"));
            if (commit % 1000 == 0)
            {
                while (cleaner.CleanOne(log.NowMs, CancellationToken.None))
                {
                }

                sizeMax = Math.Max(sizeMax, log.Log.SizeBytes);
            }
        }

        Assert.InRange(sizeMax, 0, 4 * 100 << 10);
        Assert.InRange(log.Log.SegmentCount, 1, 4);
        Assert.Equal(10, log.Latest().Count);
        Assert.Equal("99999", log.Latest()["group-9"]);
    }

    [Fact]
    public async Task Appends_reads_and_compaction_run_beside_each_other()
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        using var stop = new CancellationTokenSource();
        var (cleaned, readings) = (0, 0);
        var cleaner = new LogCleaner(log.Directory, new LogCleanerOptions { IoBufferBytes = 512 }, log.Logger);
        var cleaning = UntilStopped(() => cleaned += cleaner.CleanOne(log.NowMs, CancellationToken.None) ? 1 : 0);
        var reading = UntilStopped(() => readings += log.Records().Count > 0 ? 1 : 0);
        var appended = 0;
        while (appended < 1_000 || Volatile.Read(ref cleaned) < 20 || Volatile.Read(ref readings) < 5)
        {
            Assert.False(cleaning.IsFaulted || reading.IsFaulted);
            Assert.Equal(ErrorCode.None, log.Append(($"key-{appended % 13}", $"{appended}")).Error);
            appended++;
        }

        await stop.CancelAsync();
        await Task.WhenAll(cleaning, reading);
        for (var key = 0; key < 13; key++)
        {
            Assert.Equal($"{Enumerable.Range(appended - 13, 13).Single(i => i % 13 == key)}", log.Latest()[$"key-{key}"]);
        }

        Task UntilStopped(Action action) => Task.Factory.StartNew(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    action();
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>What compaction of all before <paramref name="active"/> leaves.</summary>
    private static List<string> LastOfEachKey(List<string> records, long active)
    {
        var last = records.Where(record => OffsetOf(record) < active).ToLookup(KeyOf).ToDictionary(group => group.Key, group => group.Last());
        return [.. records.Where(record => OffsetOf(record) >= active || last[KeyOf(record)] == record)];
    }

    private static long OffsetOf(string record) => long.Parse(record[..record.IndexOf(':')]);

    private static string KeyOf(string record) => record[(record.IndexOf(':') + 1)..record.IndexOf('=')];

    [Fact]
    public void Timestamps_of_any_size_do_not_stop_compaction()
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        using var builder = new RecordBatchBuilder();
        builder.Append(log.NowMs - long.MaxValue, "a"u8.ToArray(), (byte[]?)null);
        Assert.Equal(ErrorCode.None, log.Log.Append(builder.Build().Span, new AppendOptions(new LeaderEpoch(0), log.NowMs)).Error);
        log.Append(("b", "1"));
        log.Append(("b", "2"));
        log.Roll();

        Assert.True(log.Clean());
        Assert.DoesNotContain("1:b=1", log.Records());
        Assert.Contains("0:a=<null>", log.Records());
    }
}
