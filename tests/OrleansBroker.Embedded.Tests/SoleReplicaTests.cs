using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;
using OrleansBroker.Simulation;

namespace OrleansBroker.Embedded.Tests;

/// <summary>Partitions of a broker that is alone, over the ends of its process and of its machine.</summary>
public sealed class SoleReplicaTests
{
    private readonly SimulatedDisk _disk = new(seed: 1);

    [Fact]
    public async Task After_a_kill_everything_is_readable_and_the_leader_epoch_goes_on()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders");
        process.Append("orders", "one");
        process.Append("orders", "two");

        process = await process.RestartAfterKillAsync();

        Assert.Equal(2, process.Find("orders").HighWatermark);
        Assert.Equal(["one", "two"], process.Read("orders"));
        AssertEpoch(0, process);
    }

    [Fact]
    public async Task The_leader_epoch_rises_by_one_with_every_power_loss_and_with_nothing_else()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders");
        process.Append("orders", "one");
        process.Find("orders").Log.Flush();

        process = await process.RestartCleanlyAsync();
        AssertEpoch(0, process);

        process = await process.RestartAfterPowerLossAsync();
        AssertEpoch(1, process);
        Assert.Equal(1, process.Find("orders").HighWatermark);

        process = await process.RestartAfterKillAsync();
        AssertEpoch(1, process);

        process = await process.RestartAfterPowerLossAsync();
        AssertEpoch(2, process);
        process.Append("orders", "two");

        process = await process.RestartCleanlyAsync();
        AssertEpoch(2, process);
        Assert.Equal(["one", "two"], process.Read("orders"));
        Assert.Equal(1, process.Find("orders").Log.EndOffsetFor(new LeaderEpoch(0)).EndOffset);
    }

    [Fact]
    public async Task A_log_that_a_power_loss_took_whole_does_not_use_its_epoch_again()
    {
        _disk.Faults = new DiskFaults { WriteSurvivalChance = 0, DirectoryOperationSurvivalChance = 0 };
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders");
        process.Append("orders", "lost");

        process = await process.RestartAfterPowerLossAsync();

        Assert.Empty(process.Read("orders"));
        AssertEpoch(1, process);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_start_that_is_cut_short_does_not_hide_the_power_loss_before_it(bool isStopped)
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders");
        process.Append("orders", "one");
        process.Find("orders").Log.Flush();
        await process.EndAsync();
        _disk.PowerLoss();

        process = await PartitionsProcess.StartAsync(_disk, boot: "boot-2", opens: false);
        if (isStopped)
        {
            await process.StopCleanlyAsync();
        }
        else
        {
            await process.EndAsync();
            _disk.ProcessKill();
        }

        AssertEpoch(1, await PartitionsProcess.StartAsync(_disk, boot: "boot-2"));
    }

    [Fact]
    public async Task A_topic_that_is_created_again_has_nothing_of_the_old_one()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders");
        process.Append("orders", "old");
        var old = process.Find("orders");

        await process.DeleteAsync("orders");
        Assert.Null(process.Table.Find("orders", 0));
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, PartitionsProcess.Append(old, "late").Error);

        await process.CreateAsync("orders");
        Assert.Empty(process.Read("orders"));
        process.Append("orders", "new");
        process = await process.RestartAfterKillAsync();

        Assert.Equal(["new"], process.Read("orders"));
        Assert.NotEqual(old.TopicId, process.Find("orders").TopicId);
        Assert.Equal(ErrorCode.UnknownTopicId, process.Table.Lookup(old.TopicId, 0, out _));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_log_that_the_catalog_does_not_know_is_warned_of_once_and_left_alone(bool hasTopicId)
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders");
        await process.CreateAsync("known");
        process.Append("orders", "stray");
        await process.StopCleanlyAsync();
        foreach (var name in _disk.ListFiles("/data/documents"))
        {
            _disk.DeleteFile($"/data/documents/{name}");
        }

        if (!hasTopicId)
        {
            _disk.DeleteFile("/data/orders-0/partition.metadata");
        }

        process = await PartitionsProcess.StartAsync(_disk);
        Assert.Single(process.Log.Lines, line => line.Contains("/data/orders-0 ", StringComparison.Ordinal));
        Assert.Single(process.Log.Lines, line => line.Contains("/data/known-0 ", StringComparison.Ordinal));
        Assert.Null(process.Table.Find("orders", 0));
        Assert.NotEmpty(_disk.ReadAll("/data/orders-0/00000000000000000000.log"));

        await process.CreateAsync("orders");
        Assert.Empty(process.Read("orders"));
    }

    [Fact]
    public async Task No_log_is_stray_where_all_is_well()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders", partitions: 3);

        process = await process.RestartAfterKillAsync();

        Assert.Empty(process.Log.Lines);
    }

    [Fact]
    public async Task Partitions_that_were_added_serve_beside_those_that_were_there()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders");
        process.Append("orders", "first");
        var before = process.Find("orders");

        await process.GrowAsync("orders", 3);
        process.Append("orders", "third", partition: 2);
        Assert.Same(before, process.Find("orders"));

        process = await process.RestartAfterKillAsync();
        Assert.Equal(["first"], process.Read("orders"));
        Assert.Empty(process.Read("orders", 1));
        Assert.Equal(["third"], process.Read("orders", 2));
    }

    [Fact]
    public async Task A_configuration_that_is_altered_reaches_the_logs_now_and_after_a_restart()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders", partitions: 2);
        await process.CreateAsync("own", 1, ("retention.ms", "71"));

        await process.SetAsync(ConfigResourceType.Topic, "orders", "max.message.bytes", "4711");
        await process.SetAsync(ConfigResourceType.Broker, "0", "log.retention.ms", "72");

        AssertReached(process);
        AssertReached(await process.RestartAfterKillAsync());

        static void AssertReached(PartitionsProcess process)
        {
            Assert.Equal((4711, 72), (process.Find("orders").Log.Config.MaxMessageBytes, process.Find("orders").Log.Config.RetentionMs));
            Assert.Equal((4711, 72), (process.Find("orders", 1).Log.Config.MaxMessageBytes, process.Find("orders", 1).Log.Config.RetentionMs));
            Assert.Equal((1_048_588, 71), (process.Find("own").Log.Config.MaxMessageBytes, process.Find("own").Log.Config.RetentionMs));
        }
    }

    [Fact]
    public async Task A_partition_whose_log_cannot_be_opened_is_offline_and_the_others_serve()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders", partitions: 2);
        process.Append("orders", "readable", partition: 1);
        process.Append("orders", "unreadable");
        await process.EndAsync();
        _disk.ProcessKill();
        _disk.Faults = new DiskFaults { ReadErrorChance = 1, Concerns = path => path.StartsWith("/data/orders-0/", StringComparison.Ordinal) };

        process = await PartitionsProcess.StartAsync(_disk);

        Assert.Equal(["readable"], process.Read("orders", 1));
        Assert.Equal(ErrorCode.KafkaStorageError, process.Table.Lookup("orders", 0, out _));
        Assert.Single(process.Table.All);
        Assert.Contains(process.Log.Lines, line => line.StartsWith("orders-0 is offline", StringComparison.Ordinal));
        await process.GrowAsync("orders", 3);
        Assert.Equal(2, process.Table.All.Count());

        _disk.Faults = new DiskFaults();
        process = await process.RestartAfterKillAsync();
        Assert.Equal(["unreadable"], process.Read("orders"));
    }

    [Fact]
    public async Task A_topic_whose_log_cannot_be_made_is_offline_and_opened_once_it_can()
    {
        var process = await PartitionsProcess.StartAsync(_disk);
        await process.CreateAsync("orders");
        _disk.Faults = new DiskFaults { WriteErrorChance = 1, Concerns = path => path.StartsWith("/data/late-0", StringComparison.Ordinal) };

        await process.CreateAsync("late");
        Assert.Equal(ErrorCode.KafkaStorageError, process.Table.Lookup("late", 0, out _));

        _disk.Faults = new DiskFaults();
        while (process.Table.Find("late", 0) is null)
        {
            process.Time.Pass(1_000);
            await Task.Yield();
        }

        process.Append("late", "at last");
        Assert.Equal(["at last"], process.Read("late"));
    }

    private static void AssertEpoch(int epoch, PartitionsProcess process)
    {
        Assert.Equal(new LeaderEpoch(epoch), process.Find("orders").LeaderEpoch);
        Assert.Equal(new LeaderEpoch(epoch), process.Metadata.Current.Find("orders")!.Partitions[0].LeaderEpoch);
    }
}
