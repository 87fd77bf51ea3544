using Microsoft.Extensions.Logging;
using OrleansBroker.Core;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Groups.Hosting;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Ports;
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

    // How to stop what has been started, the last first.
    private readonly Stack<Func<ValueTask>> _stops = new();
    private DataDirectory? _taken;
    private LogDirectory? _logs;
    private CatalogHost? _catalog;
    private GroupCoordinator? _groups;
    private Housekeeping? _housekeeping;
    private bool _isKilled;

    private BrokerHost(BrokerHostOptions options) => _options = options;

    /// <summary>The broker in this life, as it joins the membership.</summary>
    public BrokerRegistration Registration { get; private set; } = null!;

    /// <summary>For those who answer its clients.</summary>
    public BrokerServices Services { get; private set; } = null!;

    /// <summary>For those who bring its peers' questions.</summary>
    public PeerService Peer { get; private set; } = null!;

    public BrokerReplicas Replicas { get; private set; } = null!;

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
        var membership = _options.Membership.Subscribe(ShowBrokers);
        _stops.Push(() =>
        {
            membership.Dispose();
            return ValueTask.CompletedTask;
        });
        ShowBrokers(_options.Membership.Current);
        await Replicas.StartAsync(cancellation);
        var follower = new CatalogFollower(_catalog!, Registration.Id, _options.Membership, _options.Clock, _options.Loggers.CreateLogger<CatalogFollower>());
        _stops.Push(follower.DisposeAsync);
        _groups!.Start();
        _housekeeping = new Housekeeping(
            _logs!, Services.Partitions, Services.Config, Cleaner(), _options.Background, static () => { }, _options.Clock, _options.Loggers.CreateLogger<Housekeeping>());
        _stops.Push(_housekeeping.DisposeAsync);
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
        var documents = new TimeLimitedDocumentStore(_options.Documents(), _options.Clock);
        var logs = OpenLogs(_taken, await new ClusterDocument(documents, _options.Random.Fork()).AgreeAsync(_taken.ClusterId, cancellation));
        var config = _options.Config;
        var wanted = new BrokerRegistration(config.Broker, 0, 0, logs.DirectoryId, _options.Endpoint.Host, _options.Endpoint.Port, config.Rack);
        Registration = await new BrokerRegistry(documents, _options.Random.Fork()).RegisterAsync(wanted, logs.WasCleanStop, _options.Membership.Current, cancellation);
        var configs = new BrokerConfigCache(config);
        var metadata = new MetadataCache(new MetadataImage(logs.ClusterId, BrokerId.None, []));
        var partitions = new PartitionTable();
        var flushes = Started(new GroupFlush(_options.Clock), flush => flush.DisposeAsync());
        Replicas = Started(
            new BrokerReplicas(new ReplicaServices
            {
                Self = Registration,
                Logs = logs,
                Partitions = partitions,
                Metadata = metadata,
                Config = configs,
                Documents = documents,
                Membership = _options.Membership,
                Peers = _options.Peers,
                Connector = _options.Connector,
                Flushes = flushes,
                Clock = _options.Clock,
                Random = _options.Random,
                Loggers = _options.Loggers,
            }),
            replicas => replicas.DisposeAsync());
        _catalog = Started(
            await CatalogHost.LoadAsync(
                new CatalogServices
                {
                    Documents = documents,
                    Config = configs,
                    Metadata = metadata,
                    Partitions = Replicas,
                    Membership = _options.Membership,
                    Peers = _options.Peers,
                    Clock = _options.Clock,
                    Random = _options.Random,
                    Logger = _options.Loggers.CreateLogger<CatalogHost>(),
                },
                cancellation),
            stopping =>
            {
                stopping.Dispose();
                return ValueTask.CompletedTask;
            });
        var topics = new ClusterCatalog(_catalog, Registration.Id, _options.Membership, _options.Peers, _options.Clock);
        _groups = Started(
            new GroupCoordinator(configs, metadata, partitions, topics, _options.Clock, _options.Random, _options.Loggers.CreateLogger<GroupCoordinator>()),
            groups => groups.DisposeAsync());
        Replicas.RoleChanged = _groups.OnRoleChanged;
        Replicas.TopicDeleted = topic => _ = _groups.DeleteTopicOffsetsAsync(topic.Name).AsTask();
        Peer = new PeerService { Replicas = Replicas, Catalog = _catalog };
        Services = new BrokerServices
        {
            Id = Registration.Id,
            Config = configs,
            Metadata = metadata,
            Partitions = partitions,
            Membership = _options.Membership,
            Peers = _options.Peers,
            Topics = topics,
            Groups = _groups,
            ProducerIds = Started(
                new ProducerIds(documents),
                stopping =>
                {
                    stopping.Dispose();
                    return ValueTask.CompletedTask;
                }),
            Logs = logs,
            Clock = _options.Clock,
            Random = _options.Random,
        };
    }

    private LogDirectory OpenLogs(DataDirectory taken, string clusterId)
    {
        _logs = LogDirectory.Open(taken, new LogDirectoryOptions
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
        return Started(_logs, logs =>
        {
            if (_isKilled)
            {
                logs.Dispose();
            }
            else
            {
                logs.CloseCleanly(NowMs());
            }

            return ValueTask.CompletedTask;
        });
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

    private T Started<T>(T part, Func<T, ValueTask> stop)
    {
        _stops.Push(() => stop(part));
        return part;
    }

    private long NowMs() => _options.Clock.GetUtcNow().ToUnixTimeMilliseconds();
}
