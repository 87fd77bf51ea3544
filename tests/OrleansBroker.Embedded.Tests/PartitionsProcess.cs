using System.Text;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Replication;
using OrleansBroker.Embedded.Tests.Groups;
using OrleansBroker.Embedded.Tests.Topics;
using OrleansBroker.Embedded.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Simulation;
using OrleansBroker.Storage;

namespace OrleansBroker.Embedded.Tests;

/// <summary>What one process has of topics and their partitions, on a simulated disk and in manual time.</summary>
internal sealed class PartitionsProcess
{
    private readonly LogDirectory _logs;
    private readonly CatalogHost _catalog;
    private readonly BrokerReplicas _replicas;
    private readonly GroupFlush _flushes;

    private PartitionsProcess(SimulatedDisk disk, LogDirectory logs, CatalogHost catalog, BrokerReplicas replicas, GroupFlush flushes)
    {
        Disk = disk;
        _logs = logs;
        _catalog = catalog;
        _replicas = replicas;
        _flushes = flushes;
    }

    public SimulatedDisk Disk { get; }

    public string Boot { get; private init; } = "";

    public ManualTime Time { get; private init; } = null!;

    public MetadataCache Metadata { get; private init; } = null!;

    public PartitionTable Table { get; private init; } = null!;

    public LinesLogger Log { get; private init; } = null!;

    /// <param name="boot">Another one than the last time is a machine that was started again.</param>
    public static async Task<PartitionsProcess> StartAsync(SimulatedDisk disk, string boot = "boot-1", bool opens = true)
    {
        var log = new LinesLogger();
        var time = new ManualTime();
        var logs = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = disk, Path = "/data", Broker = new BrokerId(0), NowMs = time.NowMs, Logger = log, BootId = boot, RecoveryThreads = 1,
        });
        var configs = new BrokerConfigCache(BrokerConfig.Default);
        var metadata = new MetadataCache(new MetadataImage(logs.ClusterId, new BrokerId(0), [new BrokerImage(new BrokerId(0), "localhost", 9092)]));
        var table = new PartitionTable();
        var flushes = new GroupFlush(time);
        var documents = new FileDocumentStore(disk, "/data/documents");
        var replicas = AloneInCluster.Replicas(logs, table, metadata, configs, documents, flushes, time, log);
        var catalog = await CatalogHost.LoadAsync(AloneInCluster.Services(documents, configs, metadata, replicas), default);
        if (opens)
        {
            await replicas.StartAsync(default);
        }

        return new PartitionsProcess(disk, logs, catalog, replicas, flushes) { Boot = boot, Time = time, Metadata = metadata, Table = table, Log = log };
    }

    public async Task<PartitionsProcess> RestartAfterKillAsync()
    {
        await EndAsync();
        Disk.ProcessKill();
        return await StartAsync(Disk, Boot);
    }

    public async Task<PartitionsProcess> RestartAfterPowerLossAsync()
    {
        await EndAsync();
        Disk.PowerLoss();
        return await StartAsync(Disk, boot: $"{Boot}+");
    }

    public async Task<PartitionsProcess> RestartCleanlyAsync()
    {
        await StopCleanlyAsync();
        return await StartAsync(Disk, Boot);
    }

    public async Task StopCleanlyAsync()
    {
        await EndAsync();
        _logs.CloseCleanly(Time.NowMs);
    }

    /// <summary>Ends what runs; the disk is as the end of the process finds it.</summary>
    public async Task EndAsync()
    {
        await _replicas.DisposeAsync();
        await _flushes.DisposeAsync();
        _catalog.Dispose();
    }

    public async Task CreateAsync(string topic, int partitions = 1, params (string Name, string Value)[] configs)
    {
        var created = await _catalog.CreateTopicsAsync(
            new()
            {
                Topics =
                [
                    new()
                    {
                        Name = topic, NumPartitions = partitions, ReplicationFactor = 1,
                        Configs = [.. configs.Select(config => new CreateTopicsRequest.CreatableTopicConfig { Name = config.Name, Value = config.Value })],
                    },
                ],
                TimeoutMs = 60_000,
            },
            default);
        Assert.Equal(ErrorCode.None, created.Topics[0].ErrorCode);
    }

    public async Task DeleteAsync(string topic) =>
        Assert.Equal(ErrorCode.None, (await _catalog.DeleteTopicsAsync(new() { TopicNames = [topic], TimeoutMs = 60_000 }, default)).Responses[0].ErrorCode);

    public async Task GrowAsync(string topic, int count) => Assert.Equal(
        ErrorCode.None,
        (await _catalog.CreatePartitionsAsync(new() { Topics = [new() { Name = topic, Count = count, Assignments = null }], TimeoutMs = 60_000 }, default)).Results[0].ErrorCode);

    public async Task SetAsync(ConfigResourceType type, string resource, string name, string value) => Assert.Equal(
        ErrorCode.None,
        (await _catalog.IncrementalAlterConfigsAsync(
            new() { Resources = [new() { ResourceType = (sbyte)type, ResourceName = resource, Configs = [new() { Name = name, Value = value }] }] }, default))
        .Responses[0].ErrorCode);

    public Partition Find(string topic, int partition = 0) => Table.Find(topic, partition) ?? throw new InvalidOperationException($"{topic}-{partition} is not there");

    public AppendResult Append(string topic, string value, int partition = 0)
    {
        var appended = Append(Find(topic, partition), value);
        Assert.Equal(ErrorCode.None, appended.Error);
        return appended;
    }

    public static AppendResult Append(Partition partition, string value, long producerId = -1, int sequence = -1)
    {
        using var builder = new RecordBatchBuilder { ProducerId = producerId, ProducerEpoch = (short)(producerId < 0 ? -1 : 0), BaseSequence = sequence };
        builder.Append(1_700_000_000_000, default, Encoding.UTF8.GetBytes(value));
        return partition.Append(builder.Build().ToArray(), AppendOrigin.Client, nowMs: 1_700_000_000_000, acks: -1);
    }

    /// <summary>The values that a consumer gets.</summary>
    public List<string> Read(string topic, int partition = 0)
    {
        var read = Find(topic, partition).Read(Find(topic, partition).LogStartOffset, int.MaxValue, atLeastOneBatch: true);
        Assert.Equal(ErrorCode.None, read.Error);
        var bytes = new byte[read.Records.Length];
        read.Records.CopyTo(bytes);
        var values = new List<string>();
        using var scratch = new PooledBuffer();
        for (ReadOnlySpan<byte> rest = bytes; RecordBatchView.TryParse(rest, out var batch) == RecordBatchProblem.None; rest = rest[batch.SizeBytes..])
        {
            var reader = RecordReader.Open(batch, scratch, 1 << 20);
            while (reader.TryRead(out var record))
            {
                values.Add(Encoding.UTF8.GetString(record.Value));
            }
        }

        return values;
    }
}
