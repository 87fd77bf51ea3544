using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Simulation;
using OrleansBroker.Storage;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Embedded.Tests;

public sealed class LocalPartitionsTests
{
    private static readonly BrokerId[] s_replicas = [new(0)];

    [Fact]
    public void A_topic_that_finds_no_room_fails_with_the_disk_s_error_and_is_opened_later()
    {
        var disk = new SimulatedDisk(1);
        Assert.True(BrokerConfig.TryCreate(new Dictionary<string, string>(), out var config, out _));
        using var logs = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = disk, Path = "/data", Broker = new BrokerId(0), NowMs = 0, Logger = NullLogger.Instance, BootId = "boot", RecoveryThreads = 1,
            Config = config!.DefaultLogConfig,
        });
        using var flushes = new GroupFlush(TimeProvider.System);
        var table = new PartitionTable();
        var metadata = new MetadataCache(new MetadataImage(logs.ClusterId, new BrokerId(0), []));
        var partitions = new LocalPartitions(logs, table, metadata, new BrokerConfigCache(config), flushes);
        var topic = new TopicImage("orders", Guid.NewGuid(), [.. Enumerable.Range(0, 3).Select(_ => new PartitionImage(new BrokerId(0), new LeaderEpoch(0), s_replicas, s_replicas))]);

        disk.Faults.CapacityBytes = disk.Space("/").TotalBytes - disk.Space("/").AvailableBytes;
        Assert.Throws<DiskFullException>(() => partitions.TopicCreated(topic));
        Assert.Null(table.Find(topic.Id, 0));

        partitions.OpenMissed();
        Assert.Null(table.Find(topic.Id, 0));

        disk.Faults.CapacityBytes = long.MaxValue;
        partitions.OpenMissed();
        Assert.NotNull(table.Find(topic.Id, 2));
    }
}
