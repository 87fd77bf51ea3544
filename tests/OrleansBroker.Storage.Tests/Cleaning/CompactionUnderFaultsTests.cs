using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Simulation;
using OrleansBroker.Storage.Cleaning;

namespace OrleansBroker.Storage.Tests.Cleaning;

/// <summary>Damage, a full disk, a stop and a deletion while logs are compacted.</summary>
public class CompactionUnderFaultsTests
{
    [Fact]
    public void A_damaged_log_is_reported_once_and_the_others_go_on()
    {
        var logger = new RecordingLogger();
        var log = LogHarness.Open(new SimulatedDisk(1), logger: logger);
        log.Append(("a", "1"));
        log.Append(("a", "2"));
        log.Roll();
        log.Disk.FlipBit(LogHarness.Segment(0), 65 * 8);
        var cleaner = new LogCleaner(log.Directory, new LogCleanerOptions(), logger);

        Assert.True(cleaner.CleanOne(log.NowMs, CancellationToken.None));
        Assert.False(cleaner.CleanOne(log.NowMs, CancellationToken.None));
        Assert.Equal([LogHarness.Orders], cleaner.Uncleanable);
        Assert.Single(logger.Messages, message => message.Contains("00000000000000000000.log") && message.Contains("position 0"));

        log.Directory.DeleteLog(LogHarness.Orders);
        Assert.False(cleaner.CleanOne(log.NowMs, CancellationToken.None));
        Assert.Empty(cleaner.Uncleanable);
    }

    [Fact]
    public void A_full_disk_postpones_the_run_and_leaves_the_log_as_it_was()
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        for (var i = 0; i < 100; i++)
        {
            log.Append(("a", $"{i}"), ($"b{i}", new string('b', 50)));
        }

        log.Roll();
        var before = log.Records();
        var cleaner = new LogCleaner(log.Directory, new LogCleanerOptions(), log.Logger);
        log.Disk.Faults.CapacityBytes = log.Disk.Faults.CapacityBytes - log.Disk.Space("/").AvailableBytes + 500;
        cleaner.CleanOne(log.NowMs, CancellationToken.None);
        Assert.Equal(before, log.Records());
        Assert.DoesNotContain(log.Disk.ListFiles(LogHarness.LogPath), name => name.EndsWith(LogFileNames.Cleaned, StringComparison.Ordinal));

        log.Disk.Faults.CapacityBytes = long.MaxValue;
        Assert.False(cleaner.CleanOne(log.NowMs, CancellationToken.None));
        Assert.True(cleaner.CleanOne(log.NowMs + 60_000, CancellationToken.None));
        Assert.True(log.Records().Count < before.Count);
    }

    [Fact]
    public void A_run_that_is_stopped_leaves_the_log_as_it_was()
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        for (var i = 0; i < 100; i++)
        {
            log.Append(("a", $"{i}"));
        }

        log.Roll();
        var before = log.Records();
        using var stop = new CancellationTokenSource();
        var options = new LogCleanerOptions { IoBytesPerSecondMax = 1, Wait = (_, _) => stop.Cancel() };
        var cleaner = new LogCleaner(log.Directory, options, log.Logger);
        Assert.ThrowsAny<OperationCanceledException>(() => cleaner.CleanOne(log.NowMs, stop.Token));
        Assert.Equal(before, log.Records());
        Assert.True(log.Clean());
    }

    [Fact]
    public void A_log_that_cannot_be_looked_at_does_not_keep_the_others_from_being_compacted()
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        log.Append(("a", "1"));
        log.Append(("a", "2"));
        log.Roll();
        var bad = log.Directory.OpenLog(new TopicPartition("bad", 0), Guid.NewGuid(), LogHarness.Compacted with { MinCompactionLagMs = 1 });
        for (var i = 0; i < 40; i++)
        {
            using var builder = new RecordBatchBuilder();
            builder.Append(log.NowMs, "a"u8.ToArray(), new byte[100]);
            bad.Append(builder.Build().Span, new AppendOptions(new LeaderEpoch(0), log.NowMs));
        }

        log.Directory.CloseCleanly(log.NowMs);
        foreach (var name in log.Disk.ListFiles("/data/bad-0").Where(name => name.EndsWith("index", StringComparison.Ordinal)))
        {
            log.Disk.DeleteFile($"/data/bad-0/{name}");
        }

        var again = LogHarness.Open(log.Disk);
        again.Log.AdvanceHighWatermark(again.Log.LogEndOffset);
        foreach (var other in again.Directory.Logs)
        {
            other.AdvanceHighWatermark(other.LogEndOffset);
        }

        log.Disk.Faults.Concerns = name => name.StartsWith("/data/bad-0", StringComparison.Ordinal);
        log.Disk.Faults.ReadErrorChance = 1;
        Assert.True(again.Clean());
        Assert.DoesNotContain("0:a=1", again.Records());
    }

    [Fact]
    public void A_log_that_is_deleted_while_it_is_compacted_leaves_nothing_in_the_next_of_its_name()
    {
        var log = LogHarness.Open(new SimulatedDisk(1), LogHarness.Compacted with { IndexIntervalBytes = 0 });
        log.Append(("a", "1"));
        log.Append(("a", "2"));
        log.Roll();
        var first = log.Log.Segments[0];
        var old = new byte[first.SizeBytes];
        first.File.Read(0, old);
        var cleaned = log.Log.CreateCleanedSegment(0, log.NowMs);

        log.Directory.DeleteLog(LogHarness.Orders);
        log.Directory.OpenLog(LogHarness.Orders, Guid.NewGuid(), LogHarness.Compacted);
        var fresh = log.Disk.ListFiles(LogHarness.LogPath);
        cleaned.AppendEach(old, LogHarness.Compacted with { IndexIntervalBytes = 0 });

        Assert.Equal(fresh.Order(StringComparer.Ordinal), log.Disk.ListFiles(LogHarness.LogPath).Order(StringComparer.Ordinal));

        Assert.False(log.Log.ReplaceSegments([cleaned], [first]));
        Assert.Equal(fresh.Order(StringComparer.Ordinal), log.Disk.ListFiles(LogHarness.LogPath).Order(StringComparer.Ordinal));
        Assert.Throws<IOException>(() => log.Log.CreateCleanedSegment(0, log.NowMs));
    }
}
