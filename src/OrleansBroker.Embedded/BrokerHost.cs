using Microsoft.Extensions.Logging;
using OrleansBroker.Core;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Diagnostics;
using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Groups.Hosting;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Rebalancing;
using OrleansBroker.Core.Replication;
using OrleansBroker.Embedded.Producers;
using OrleansBroker.Embedded.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Storage;
using OrleansBroker.Storage.Cleaning;

namespace OrleansBroker.Embedded;

/// <summary>
/// One broker without its sockets, made of its ports: everything in it runs where it is called or where its timers ring, so that a
/// simulator can run many on one thread.
/// <code>
/// OpenAsync: logs, registration, catalog  ->  (the host has it join the membership)  ->  StartAsync: replicas, groups, housekeeping
/// </code>
/// </summary>
internal sealed class BrokerHost : IAsyncDisposable
{
    /// <summary>Keeps what compaction costs the appends beside it below a tenth.</summary>
    private const double LogCleanerWorkShareMax = 0.1;

    private readonly BrokerHostOptions _options;
    private readonly BrokerConfigCache _config;
    private readonly PartitionTable _partitions = new();
    private readonly BrokerCounters _counters = new();

    // How to stop what has been started, the last first.
    private readonly Stack<Func<ValueTask>> _stops = new();
    private DataDirectory? _taken;
    private TimeLimitedDocumentStore _documents = null!;
    private LogDirectory? _logs;
    private MetadataCache _metadata = null!;
    private CatalogHost? _catalog;
    private GroupCoordinator? _groups;
    private bool _isKilled;

    private BrokerHost(BrokerHostOptions options)
    {
        _options = options;
        _config = new BrokerConfigCache(options.Config);
    }

    /// <summary>The broker in this life, as it joins the membership.</summary>
    public BrokerRegistration Registration { get; private set; } = null!;

    /// <summary>For those who answer its clients.</summary>
    public BrokerServices Services { get; private set; } = null!;

    /// <summary>For those who bring its peers' questions.</summary>
    public PeerService Peer { get; private set; } = null!;

    public BrokerReplicas Replicas { get; private set; } = null!;

    public TimeLimitedDocumentStore Documents => _documents;

    /// <summary>Opens the logs, registers the broker, and loads the catalog. Nothing is served yet.</summary>
    /// <exception cref="DataDirectoryException">The data directory belongs to somebody else, or to another cluster than the documents do.</exception>
    /// <exception cref="BrokerStartException">The broker may not start.</exception>
    /// <exception cref="IOException">The disk or the documents cannot be used.</exception>
    public static async ValueTask<BrokerHost> OpenAsync(BrokerHostOptions options, CancellationToken cancellation)
    {
        var host = new BrokerHost(options);
        try
        {
            await host.OpenAsync(cancellation);
            return host;
        }
        catch
        {
            host.Abandon();
            throw;
        }
    }

    /// <summary>Takes the broker's part in every partition. To be called once the membership knows the broker.</summary>
    public async ValueTask StartAsync(CancellationToken cancellation)
    {
        Opened(_options.Membership.Subscribe(ShowBrokers));
        ShowBrokers(_options.Membership.Current);
        await Replicas.StartAsync(cancellation);
        Started(new CatalogFollower(_catalog!, Registration.Id, _options.Membership, _options.Clock, _options.Loggers.CreateLogger<CatalogFollower>()));
        _groups!.Start();
        Started(new BrokerRebalancing(new RebalanceServices
        {
            Self = Registration.Id,
            Metadata = _metadata,
            Config = _config,
            Documents = _documents,
            Membership = _options.Membership,
            Peers = _options.Peers,
            Topics = Services.Topics,
            Clock = _options.Clock,
            Random = _options.Random,
            Loggers = _options.Loggers,
        }));
        Started(new Housekeeping(
            _logs!, Services.Partitions, Services.Config, Cleaner(), _options.Background, static () => { }, _options.Clock, _options.Loggers.CreateLogger<Housekeeping>()));
    }

    /// <summary>Stops everything and marks the stop as clean.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_stops.TryPop(out var stop))
        {
            await stop();
        }
    }

    /// <summary>Ends as <c>kill -9</c> would, as far as the disk can tell: nothing is flushed, and no clean stop is marked. The links have been severed.</summary>
    public ValueTask KillAsync()
    {
        _isKilled = true;
        return DisposeAsync();
    }

    /// <summary>Lets go of everything where it stands, as the end of the process would: for a host that runs no more.</summary>
    public void Abandon()
    {
        _stops.Clear();
        _logs?.Dispose();
        _taken?.Dispose();
    }

    private async ValueTask OpenAsync(CancellationToken cancellation)
    {
        _taken = DataDirectory.Take(_options.Files, _options.DataDirectory, _options.Config.Broker);
        _documents = new TimeLimitedDocumentStore(_options.Documents(), _options.Clock);
        var clusterId = await new ClusterDocument(_documents, _options.Random.Fork()).AgreeAsync(_taken.ClusterId, cancellation);
        _logs = OpenLogs(_taken, clusterId);
        _metadata = new MetadataCache(new MetadataImage(clusterId, BrokerId.None, []));
        Registration = await RegisterAsync(_logs, cancellation);
        Replicas = OpenReplicas(_logs);
        _catalog = await LoadCatalogAsync(cancellation);
        var topics = new ClusterCatalog(_catalog, Registration.Id, _options.Membership, _options.Peers, _options.Clock);
        _groups = OpenGroups(topics);
        Peer = new PeerService { Replicas = Replicas, Catalog = _catalog };
        Services = new BrokerServices
        {
            Id = Registration.Id,
            Config = _config,
            Metadata = _metadata,
            Partitions = _partitions,
            Membership = _options.Membership,
            Peers = _options.Peers,
            Topics = topics,
            Groups = _groups,
            ProducerIds = Opened(new ProducerIds(_documents)),
            Logs = _logs,
            Counters = _counters,
            Clock = _options.Clock,
            Random = _options.Random,
        };
    }

    private LogDirectory OpenLogs(DataDirectory taken, string clusterId)
    {
        var opened = LogDirectory.Open(taken, new LogDirectoryOptions
        {
            Files = _options.Files,
            Path = _options.DataDirectory,
            Broker = _options.Config.Broker,
            ClusterId = clusterId,
            NowMs = NowMs(),
            Logger = _options.Loggers.CreateLogger<LogDirectory>(),
            RecoveryThreads = _options.Config.NumRecoveryThreadsPerDataDir,
            BootId = _options.BootId,
            Config = _options.Config.DefaultLogConfig,
        });
        _stops.Push(() =>
        {
            if (_isKilled)
            {
                opened.Dispose();
            }
            else
            {
                opened.CloseCleanly(NowMs());
            }

            return ValueTask.CompletedTask;
        });
        return opened;
    }

    private ValueTask<BrokerRegistration> RegisterAsync(LogDirectory logs, CancellationToken cancellation)
    {
        var config = _options.Config;
        var epoch = new BrokerEpochFile(_options.Files, _options.DataDirectory);
        var wanted = new BrokerRegistration(config.Broker, epoch.Read(), 0, logs.DirectoryId, _options.Endpoint.Host, _options.Endpoint.Port, config.Rack);
        return new BrokerRegistry(_documents, _options.Random.Fork(), _options.Lives).RegisterAsync(wanted, logs.WasCleanStop, epoch.Write, _options.Membership.Current, cancellation);
    }

    private BrokerReplicas OpenReplicas(LogDirectory logs) => Started(new BrokerReplicas(new ReplicaServices
    {
        Self = Registration,
        Logs = logs,
        Partitions = _partitions,
        Metadata = _metadata,
        Config = _config,
        Documents = _documents,
        Membership = _options.Membership,
        Peers = _options.Peers,
        Connector = _options.Connector,
        Flushes = Started(new GroupFlush(_options.Clock)),
        Counters = _counters,
        Clock = _options.Clock,
        Random = _options.Random,
        Loggers = _options.Loggers,
    }));

    private async ValueTask<CatalogHost> LoadCatalogAsync(CancellationToken cancellation) => Opened(await CatalogHost.LoadAsync(
        new CatalogServices
        {
            Documents = _documents,
            Config = _config,
            Metadata = _metadata,
            Partitions = Replicas,
            Membership = _options.Membership,
            Peers = _options.Peers,
            Clock = _options.Clock,
            Random = _options.Random,
            Logger = _options.Loggers.CreateLogger<CatalogHost>(),
        },
        cancellation));

    private GroupCoordinator OpenGroups(ClusterCatalog topics)
    {
        var groups = Started(new GroupCoordinator(_config, _metadata, _partitions, topics, _options.Clock, _options.Random, _options.Loggers.CreateLogger<GroupCoordinator>()));
        Replicas.RoleChanged = groups.OnRoleChanged;
        Replicas.TopicDeleted = topic => _ = groups.DeleteTopicOffsetsAsync(topic.Name).AsTask();
        return groups;
    }

    private void ShowBrokers(ClusterView brokers) => Services.Metadata.Change(image => image with
    {
        ControllerId = brokers.Controller,
        Brokers = [.. brokers.Brokers.Select(broker => broker.ToImage())],
    });

    private LogCleaner? Cleaner()
    {
        var config = _options.Config;
        return config.LogCleanerEnable
            ? new LogCleaner(
                _logs!,
                new LogCleanerOptions
                {
                    DedupeBufferBytes = config.LogCleanerDedupeBufferSize,
                    IoBufferBytes = config.LogCleanerIoBufferSize,
                    DedupeBufferLoadFactor = config.LogCleanerIoBufferLoadFactor,
                    IoBytesPerSecondMax = config.LogCleanerIoMaxBytesPerSecond,
                    WorkShareMax = LogCleanerWorkShareMax,
                    KeyHashSeed = _options.KeyHashSeed,
                    Clock = _options.Clock,
                    Wait = _options.Background.Rest,
                },
                _options.Loggers.CreateLogger<LogCleaner>())
            : null;
    }

    private T Started<T>(T part)
        where T : IAsyncDisposable
    {
        _stops.Push(part.DisposeAsync);
        return part;
    }

    private T Opened<T>(T part)
        where T : IDisposable
    {
        _stops.Push(() =>
        {
            part.Dispose();
            return ValueTask.CompletedTask;
        });
        return part;
    }

    private long NowMs() => _options.Clock.GetUtcNow().ToUnixTimeMilliseconds();
}
