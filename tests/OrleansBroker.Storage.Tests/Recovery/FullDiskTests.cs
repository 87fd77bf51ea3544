using OrleansBroker.Protocol;
using OrleansBroker.Simulation;

namespace OrleansBroker.Storage.Tests.Recovery;

public class FullDiskTests
{
    private static readonly LogConfig _plain = LogHarness.Compacted with { Compact = false, Delete = true };

    [Fact]
    public void A_full_disk_refuses_appends_serves_reads_and_recovers()
    {
        var log = LogHarness.Open(new SimulatedDisk(1), _plain);
        log.Append(("a", "1"));
        for (var room = 0; room < 6000; room += 97)
        {
            Fill(log, room);
            var before = log.Records();
            Assert.Equal(log.Ledger.Acknowledged, before);
            Assert.False(log.Log.IsFailed);

            log.Disk.Faults.CapacityBytes = long.MaxValue;
            Assert.Equal(ErrorCode.None, log.Append(("accepted", $"{room}")).Error);
            Assert.Equal([.. before, $"{before.Count}:accepted={room}"], log.Records());
        }

        var all = log.Records();
        log.Disk.ProcessKill();
        Assert.Equal(all, LogHarness.Open(log.Disk, _plain).Records());
    }

    [Fact]
    public void Retention_and_checkpoints_on_a_full_disk_leave_a_good_log()
    {
        var log = LogHarness.Open(new SimulatedDisk(1), _plain);
        for (var i = 0; i < 30; i++)
        {
            log.Append(("a", new string('v', 300)));
        }

        log.Log.Config = _plain with { RetentionBytes = 4096 };
        Fill(log, 10);
        Assert.Throws<Storage.Files.DiskFullException>(log.Directory.WriteCheckpoints);
        log.Log.ApplyRetention(log.NowMs);
        log.Directory.DeleteExpired(log.NowMs);
        log.Directory.DeleteExpired(log.NowMs + 100_000);
        Assert.Equal(ErrorCode.None, log.Append(("room", "again")).Error);
        Assert.EndsWith(":room=again", log.Records()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_stop_on_a_full_disk_forgets_no_producer()
    {
        var log = LogHarness.Open(new SimulatedDisk(1), _plain);
        log.AppendAs(5, 0, ("a", "1"));
        log.Disk.Faults.CapacityBytes = log.Disk.Space("/").TotalBytes - log.Disk.Space("/").AvailableBytes;
        log.Directory.CloseCleanly(log.NowMs);
        log.Disk.Faults.CapacityBytes = long.MaxValue;

        var again = LogHarness.Open(log.Disk, _plain);
        Assert.True(again.AppendAs(5, 0, ("a", "1")).Duplicate);
        Assert.Equal(["0:a=1"], again.Records());
    }

    [Fact]
    public void A_producer_whose_snapshot_found_no_room_is_not_forgotten_by_a_clean_start()
    {
        var log = LogHarness.Open(new SimulatedDisk(1), _plain);
        log.AppendAs(5, 0, ("a", "1"));
        log.Log.Flush();
        log.Disk.Faults.CapacityBytes = log.Disk.Space("/").TotalBytes - log.Disk.Space("/").AvailableBytes;
        Assert.Throws<IOException>(log.Log.CloseCleanly);
    }

    /// <summary>Leaves room for so many bytes, and appends until there is none.</summary>
    private static void Fill(LogHarness log, int room)
    {
        log.Disk.Faults.CapacityBytes = long.MaxValue;
        log.Disk.Faults.CapacityBytes = long.MaxValue - log.Disk.Space("/").AvailableBytes + room;
        var appends = 0;
        while (log.Append(("fill", new string('f', 100))).Error == ErrorCode.None)
        {
            Assert.True(++appends < 1000);
        }
    }
}
