using OrleansBroker.Protocol;
using OrleansBroker.Simulation;

namespace OrleansBroker.Storage.Tests.Recovery;

public class FailedLoadTests
{
    private static readonly LogConfig _plain = LogHarness.Compacted with { Compact = false, Delete = true };

    [Fact]
    public void A_log_that_could_not_be_loaded_after_a_power_loss_is_recovered_by_the_start_after_that()
    {
        var log = LogHarness.Open(new SimulatedDisk(1), _plain);
        for (var i = 0; i < 6; i++)
        {
            log.Append(("a", $"{i}"));
        }

        log.Log.Flush();
        log.Log.DeleteRecordsBefore(3);
        log.Directory.WriteCheckpoints();
        log.Append(("a", "lost"));
        log.Disk.ProcessKill();
        var path = LogHarness.Segment(0);
        log.Disk.FlipBit(path, (log.Disk.ReadAll(path).Length * 8L) - 20);

        log.Disk.Faults.Concerns = name => name == path;
        log.Disk.Faults.ReadErrorChance = 1;
        var directory = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = log.Disk, Path = LogHarness.DataPath, Broker = new BrokerId(0), NowMs = log.NowMs, Logger = log.Logger, BootId = "boot-2",
            RecoveryThreads = 1, Config = _plain,
        });
        Assert.Throws<IOException>(() => directory.OpenLog(LogHarness.Orders, LogHarness.TopicId, _plain));
        directory.MarkRunning();
        directory.CloseCleanly(log.NowMs);
        log.Disk.Faults.ReadErrorChance = 0;

        var again = LogHarness.Open(log.Disk, _plain, bootId: "boot-2");
        Assert.Equal(6, again.Log.LogEndOffset);
        Assert.Equal(["3:a=3", "4:a=4", "5:a=5"], again.Records());
    }

    [Fact]
    public void A_log_that_could_not_be_made_on_a_full_disk_is_made_when_there_is_room()
    {
        var log = LogHarness.Open(new SimulatedDisk(1), _plain);
        log.Disk.Faults.CapacityBytes = log.Disk.Space("/").TotalBytes - log.Disk.Space("/").AvailableBytes;
        var other = new TopicPartition("other", 0);
        Assert.Throws<Storage.Files.DiskFullException>(() => log.Directory.OpenLog(other, LogHarness.TopicId, _plain));

        log.Disk.Faults.CapacityBytes = long.MaxValue;
        Assert.Equal(0, log.Directory.OpenLog(other, LogHarness.TopicId, _plain).LogEndOffset);
    }
}
