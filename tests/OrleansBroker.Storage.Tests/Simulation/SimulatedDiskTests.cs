using OrleansBroker.Simulation;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Tests.Simulation;

public class SimulatedDiskTests
{
    private static readonly DiskFaults LoseAll = new()
    {
        WriteSurvivalChance = 0, TornWriteChance = 0, LengthWithoutDataChance = 0, DirectoryOperationSurvivalChance = 0,
    };

    [Fact]
    public void A_killed_process_leaves_every_write_and_no_handle()
    {
        var disk = new SimulatedDisk(1);
        var file = disk.Open("/a");
        var map = disk.Map("/m", 8);
        file.Write(0, "written"u8);
        map.Span[3] = 7;
        Assert.NotNull(disk.TryLock("/lock"));
        Assert.Null(disk.TryLock("/lock"));

        disk.ProcessKill();
        map.Span[4] = 9;

        Assert.Throws<SimulatedCrashException>(() => file.Write(0, "late"u8));
        Assert.Equal("written"u8.ToArray(), disk.ReadAll("/a"));
        Assert.Equal([0, 0, 0, 7, 0, 0, 0, 0], disk.ReadAll("/m"));
        Assert.NotNull(disk.TryLock("/lock"));
    }

    [Fact]
    public void Power_loss_keeps_what_was_flushed_and_whose_name_was_flushed()
    {
        var disk = new SimulatedDisk(1) { Faults = LoseAll };
        using (var file = disk.Open("/kept"))
        {
            file.Write(0, "flushed"u8);
            file.Flush();
            file.Write(7, "not flushed"u8);
        }

        disk.FlushDirectory("/");
        using (var file = disk.Open("/nameless"))
        {
            file.Write(0, "flushed"u8);
            file.Flush();
        }

        disk.PowerLoss();

        Assert.Equal("flushed"u8.ToArray(), disk.ReadAll("/kept"));
        Assert.False(disk.FileExists("/nameless"));
    }

    [Fact]
    public void Power_loss_undoes_renames_and_deletions_whose_directory_was_not_flushed()
    {
        var disk = new SimulatedDisk(1) { Faults = LoseAll };
        disk.CreateDirectory("/d");
        disk.FlushDirectory("/");
        disk.WriteAll("/d/a", "A"u8);
        disk.WriteAll("/d/b", "B"u8);

        disk.RenameFile("/d/a", "/d/b");
        disk.DeleteFile("/d/b");
        Assert.Empty(disk.ListFiles("/d"));
        disk.PowerLoss();

        Assert.Equal("A"u8.ToArray(), disk.ReadAll("/d/a"));
        Assert.Equal("B"u8.ToArray(), disk.ReadAll("/d/b"));
    }

    [Fact]
    public void Power_loss_keeps_flushed_mappings_and_loses_later_sectors()
    {
        var disk = new SimulatedDisk(1) { Faults = LoseAll };
        var map = disk.Map("/m", 1024);
        disk.FlushDirectory("/");
        map.Span[0] = 1;
        map.Flush();
        map.Span[0] = 2;
        map.Span[600] = 3;

        disk.PowerLoss();

        var bytes = disk.ReadAll("/m");
        Assert.Equal((1, 0, 1024), (bytes[0], bytes[600], bytes.Length));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(512)]
    public void Writes_that_power_loss_tears_are_torn_at_the_unit(int tearBytes)
    {
        var torn = 0;
        for (var seed = 0; seed < 50; seed++)
        {
            var disk = new SimulatedDisk(seed)
            {
                Faults = new DiskFaults { WriteSurvivalChance = 0, TornWriteChance = 1, LengthWithoutDataChance = 0, TearBytes = tearBytes },
            };
            using var file = disk.Open("/a");
            disk.FlushDirectory("/");
            var bytes = new byte[3000];
            Array.Fill(bytes, (byte)1);
            file.Write(100, bytes);
            disk.PowerLoss();

            var left = disk.ReadAll("/a");
            var count = left.Count(value => value == 1);
            var first = Array.IndexOf(left, (byte)1);
            Assert.True(count == 0 || first == 100 || first % tearBytes == 0);
            Assert.True(count == 0 || left.Length == 3100 || left.Length % tearBytes == 0);
            torn += count is > 0 and < 3000 ? 1 : 0;
        }

        Assert.True(torn > 20);
    }

    [Fact]
    public void The_nth_operation_crashes_and_all_after_it_fail_until_the_restart()
    {
        var disk = new SimulatedDisk(1);
        var file = disk.Open("/a");
        disk.CrashAfter(2, tornBytes: 3);
        file.Write(0, "ab"u8);
        Assert.Throws<SimulatedCrashException>(() => file.Write(2, "cdefg"u8));
        Assert.Throws<SimulatedCrashException>(() => disk.FileExists("/a"));
        Assert.Throws<SimulatedCrashException>(() => file.Length);

        disk.ProcessKill();
        Assert.Equal("abcde"u8.ToArray(), disk.ReadAll("/a"));
    }

    [Fact]
    public void A_full_disk_stores_what_fits_and_has_room_again_after_a_deletion()
    {
        var disk = new SimulatedDisk(1) { Faults = new DiskFaults { CapacityBytes = 10 } };
        var file = disk.Open("/a");
        file.Write(0, "12345678"u8);
        Assert.Throws<DiskFullException>(() => file.Write(8, "abcd"u8));
        Assert.Equal("12345678ab"u8.ToArray(), disk.ReadAll("/a"));
        file.Write(0, "overwrite"u8);
        Assert.Throws<DiskFullException>(() => disk.Map("/m", 1));
        disk.DeleteFile("/a");
        Assert.Equal((10, 10), disk.Space("/"));
    }

    [Fact]
    public void Failing_reads_writes_and_flushes_fail_where_they_concern_the_path()
    {
        var disk = new SimulatedDisk(1);
        using var bad = disk.Open("/bad");
        using var good = disk.Open("/good");
        disk.Faults = new DiskFaults { ReadErrorChance = 1, FlushErrorChance = 1, WriteErrorChance = 1, Concerns = path => path == "/bad" };

        Assert.Throws<IOException>(() => bad.Write(0, "x"u8));
        Assert.Throws<IOException>(() => bad.Read(0, new byte[1]));
        Assert.Throws<IOException>(bad.Flush);
        good.Write(0, "x"u8);
        good.Flush();
        Assert.Equal(1, good.Read(0, new byte[1]));
    }

    [Fact]
    public void A_slow_flush_tells_how_much_time_passes()
    {
        var passedMs = 0;
        var disk = new SimulatedDisk(1) { Faults = new DiskFaults { FlushMs = 20, Pause = ms => passedMs += ms } };
        using var file = disk.Open("/a");
        file.Flush();
        disk.FlushDirectory("/");
        Assert.Equal(40, passedMs);
    }

    [Fact]
    public void The_same_seed_loses_the_same_and_a_fork_goes_its_own_way()
    {
        var disk = new SimulatedDisk(1);
        using var file = disk.Open("/a");
        disk.FlushDirectory("/");
        for (var i = 0; i < 64; i++)
        {
            file.Write(i * 16, new byte[16].Select(_ => (byte)(i + 1)).ToArray());
        }

        var forks = new[] { disk.Fork(7), disk.Fork(7), disk.Fork(8) };
        foreach (var fork in forks)
        {
            fork.PowerLoss();
        }

        Assert.Equal(forks[0].ReadAll("/a"), forks[1].ReadAll("/a"));
        Assert.NotEqual(forks[0].ReadAll("/a"), forks[2].ReadAll("/a"));
        Assert.Equal("/a 1024 *" + Environment.NewLine, disk.Dump());
        Assert.Equal(64, disk.ReadAll("/a")[^1]);
    }
}
