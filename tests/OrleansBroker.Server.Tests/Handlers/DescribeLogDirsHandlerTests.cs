using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Handlers;
using OrleansBroker.Simulation;
using OrleansBroker.Storage;

namespace OrleansBroker.Server.Tests.Handlers;

public sealed class DescribeLogDirsHandlerTests : IDisposable
{
    private readonly AdminHarness _harness = new();
    private readonly LogDirectory _logs;
    private readonly DescribeLogDirsHandler _handler;

    public DescribeLogDirsHandlerTests()
    {
        var disk = new SimulatedDisk(seed: 1);
        disk.Faults.CapacityBytes = 1 << 30;
        _logs = LogDirectory.Open(new() { Files = disk, Path = "/data", Broker = new BrokerId(0), NowMs = 0, Logger = NullLogger.Instance, BootId = "", RecoveryThreads = 1 });
        foreach (var partition in new TopicPartition[] { new("b", 0), new("a", 1), new("a", 0) })
        {
            _logs.OpenLog(partition, Guid.NewGuid(), LogConfig.Default);
        }

        _handler = new DescribeLogDirsHandler(_harness.Broker with { Logs = _logs });
    }

    public void Dispose() => _logs.Dispose();

    [Fact]
    public async Task All_logs_are_told_for_null()
    {
        Assert.Equal(["a-0 0 bytes", "a-1 0 bytes", "b-0 0 bytes"], await Describe(null));
    }

    [Fact]
    public async Task Of_named_partitions_those_that_exist_are_told()
    {
        Assert.Equal(["a-1 0 bytes"], await Describe([new() { Topic = "a", Partitions = [1, 7, 1] }, new() { Topic = "x", Partitions = [0] }]));
        Assert.Empty(await Describe([]));
    }

    [Fact]
    public async Task The_directory_is_told_with_its_room()
    {
        var directory = Assert.Single((await _harness.SendAsync(_handler, new DescribeLogDirsRequest { Topics = [] }, 4)).Results);

        Assert.Equal((ErrorCode.None, "/data", 1L << 30), (directory.ErrorCode, directory.LogDir, directory.TotalBytes));
        Assert.InRange(directory.UsableBytes, 1, directory.TotalBytes);
    }

    private async Task<IEnumerable<string>> Describe(DescribeLogDirsRequest.DescribableLogDirTopic[]? topics)
    {
        var response = await _harness.SendAsync(_handler, new DescribeLogDirsRequest { Topics = topics }, 4);
        return from topic in Assert.Single(response.Results).Topics
               from partition in topic.Partitions
               select $"{topic.Name}-{partition.PartitionIndex} {partition.PartitionSize} bytes";
    }
}
