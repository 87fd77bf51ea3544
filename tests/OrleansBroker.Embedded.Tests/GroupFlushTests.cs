using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Simulation;
using OrleansBroker.Storage;

namespace OrleansBroker.Embedded.Tests;

public sealed class GroupFlushTests
{
    [Theory]
    [InlineData(long.MaxValue - 1)]
    [InlineData(30L * 24 * 3600 * 1000)]
    public async Task The_longest_interval_does_not_end_the_thread(long flushMs)
    {
        var config = new LogConfig { FlushMs = flushMs };
        using var logs = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = new SimulatedDisk(1), Path = "/data", Broker = new BrokerId(0), NowMs = 0, Logger = NullLogger.Instance, BootId = "boot", RecoveryThreads = 1,
            Config = config,
        });
        using var flushes = new GroupFlush(TimeProvider.System);
        var patient = Make(logs, flushes, "patient", config);
        var urgent = Make(logs, flushes, "urgent", new LogConfig { FlushMessages = 1 });

        var waiting = patient.Committed(Append(patient));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(ErrorCode.None, await urgent.Committed(Append(urgent)));
        }

        Assert.False(waiting.IsCompleted);
        flushes.Dispose();
        Assert.Equal(ErrorCode.None, await waiting);
        Assert.Equal(1, patient.Log.RecoveryPoint);
    }

    private static Partition Make(LogDirectory logs, GroupFlush flushes, string topic, LogConfig config) =>
        new(logs.OpenLog(new TopicPartition(topic, 0), Guid.NewGuid(), config), new LeaderEpoch(0), isInternal: false, flushes);

    private static AppendResult Append(Partition partition)
    {
        using var builder = new RecordBatchBuilder();
        builder.Append(0, "key"u8, "value"u8);
        return partition.Append(builder.Build().Span, AppendOrigin.Client, nowMs: 0);
    }
}
