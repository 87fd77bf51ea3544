using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Groups.Hosting;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Replication;
using OrleansBroker.Embedded.Tests.Topics;
using OrleansBroker.Embedded.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Simulation;
using OrleansBroker.Storage;

namespace OrleansBroker.Embedded.Tests.Groups;

/// <summary>All of a broker that groups need, without sockets, on a simulated disk and in manual time.</summary>
internal sealed class GroupBroker : GroupClient, IAsyncDisposable
{
    private readonly BrokerConfigCache _configs;
    private LogDirectory _logs = null!;
    private CatalogHost _catalog = null!;
    private GroupFlush _flushes = null!;
    private BrokerReplicas _replicas = null!;

    private GroupBroker(Dictionary<string, string> configs)
        : base(new ManualTime())
    {
        Assert.True(BrokerConfig.TryCreate(configs, out var config, out _));
        _configs = new BrokerConfigCache(config);
    }

    public SimulatedDisk Disk { get; } = new(seed: 1);

    public MetadataCache Metadata { get; private set; } = null!;

    public PartitionTable Partitions { get; private set; } = null!;

    public static async Task<GroupBroker> StartAsync(params (string Name, string Value)[] configs)
    {
        var broker = new GroupBroker(configs.ToDictionary(each => each.Name, each => each.Value));
        await broker.OpenAsync();
        return broker;
    }

    public async ValueTask DisposeAsync()
    {
        await Groups.DisposeAsync();
        await _replicas.DisposeAsync();
        await _flushes.DisposeAsync();
        _catalog.Dispose();
        _logs.Dispose();
    }

    /// <summary>As after kill -9: what was not flushed is in the page cache.</summary>
    public async Task KillAndRestartAsync()
    {
        await Groups.DisposeAsync();
        await _replicas.DisposeAsync();
        await _flushes.DisposeAsync();
        Disk.ProcessKill();
        await OpenAsync();
    }

    public Partition PartitionOf(string group = Group) => Partitions.Find("__consumer_offsets", Groups.PartitionFor(group))!;

    private async Task OpenAsync()
    {
        _logs = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = Disk,
            Path = "/data",
            Broker = new BrokerId(0),
            NowMs = Time.NowMs,
            Logger = NullLogger.Instance,
            BootId = "boot",
        });
        Metadata = new MetadataCache(new MetadataImage(_logs.ClusterId, new BrokerId(0), [new BrokerImage(new BrokerId(0), "localhost", 9092)]));
        Partitions = new PartitionTable();
        _flushes = new GroupFlush(Time);
        var documents = new FileDocumentStore(Disk, "/data/documents");
        _replicas = AloneInCluster.Replicas(_logs, Partitions, Metadata, _configs, documents, _flushes, Time, NullLoggerFactory.Instance);
        _catalog = await CatalogHost.LoadAsync(AloneInCluster.Services(documents, _configs, Metadata, _replicas), CancellationToken.None);
        await _replicas.StartAsync(CancellationToken.None);
        Groups = new GroupCoordinator(_configs, Metadata, Partitions, _catalog, Time, new Random(1), NullLogger.Instance);
    }
}
