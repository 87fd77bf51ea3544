using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using OrleansBroker.Core;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Groups.Hosting;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Embedded.Producers;
using OrleansBroker.Embedded.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Server.Network;
using OrleansBroker.Storage;
using OrleansBroker.Storage.Cleaning;

namespace OrleansBroker.Embedded;

/// <summary>
/// A whole broker inside this process, with its data in one directory: for <c>silo/run</c>, and for tests of applications.
/// Disposal stops it cleanly; a process that ends without it is as good as <c>kill -9</c>, which loses nothing that was acknowledged.
/// </summary>
public sealed class EmbeddedBroker : IAsyncDisposable
{
    /// <summary>Keeps what compaction costs the appends beside it below a tenth.</summary>
    private const double LogCleanerWorkShareMax = 0.1;

    private readonly EmbeddedBrokerOptions _options;
    private readonly ILogger _logger;
    private readonly Random _random = new();

    // How to stop what has been started, the last first.
    private readonly Stack<Func<ValueTask>> _stops = new();

    private EmbeddedBroker(EmbeddedBrokerOptions options)
    {
        _options = options;
        _logger = options.Loggers.CreateLogger<EmbeddedBroker>();
    }

    public BrokerId Id => _options.Config.Broker;

    public string ClusterId { get; private set; } = string.Empty;

    /// <summary>Where the broker listens: <c>host:port</c>, for <c>bootstrap.servers</c>.</summary>
    public string Endpoint { get; private set; } = string.Empty;

    /// <summary>Opens the data directory, recovers what it holds, and listens. Completes when clients can connect.</summary>
    /// <exception cref="BrokerStartException">For a reason that its message names in one line.</exception>
    public static async Task<EmbeddedBroker> StartAsync(EmbeddedBrokerOptions options, CancellationToken cancellation = default)
    {
        var broker = new EmbeddedBroker(options);
        try
        {
            await broker.AssembleAsync(cancellation);
            return broker;
        }
        catch (Exception e) when (e is DataDirectoryException or IOException or UnauthorizedAccessException)
        {
            await broker.DisposeAsync();
            throw new BrokerStartException(e.Message, e);
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_stops.TryPop(out var stop))
        {
            await stop();
        }
    }

    private async Task AssembleAsync(CancellationToken cancellation)
    {
        var started = _options.Clock.GetTimestamp();
        foreach (var name in _options.Config.UnknownNames)
        {
            EmbeddedLog.UnknownConfiguration(_logger, name);
        }

        // What is wrong with these is told before the data directory is touched.
        var address = ListenerAddress.Parse("listeners", _options.Config.Listeners);
        var advertised = _options.Config.AdvertisedListeners is { } text ? ListenerAddress.Parse("advertised.listeners", text) : null;
        var logs = OpenLogs();
        ClusterId = logs.ClusterId;
        var services = await ServeTopicsAsync(logs, cancellation);
        Listen(services, address, advertised);
        EmbeddedLog.Ready(
            _logger, Id.Value, Endpoint, (long)_options.Clock.GetElapsedTime(started).TotalMilliseconds,
            services.Metadata.Current.TopicCount, services.Partitions.All.Count());
    }

    private T Started<T>(T part, Func<T, ValueTask> stop)
    {
        _stops.Push(() => stop(part));
        return part;
    }

    private T Started<T>(T part)
        where T : IDisposable =>
        Started(part, disposable =>
        {
            disposable.Dispose();
            return ValueTask.CompletedTask;
        });

    private long NowMs() => _options.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    private LogDirectory OpenLogs()
    {
        var logs = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = _options.Files,
            Path = Path.GetFullPath(_options.DataDirectory),
            Broker = Id,
            NowMs = NowMs(),
            Logger = _options.Loggers.CreateLogger<LogDirectory>(),
            RecoveryThreads = _options.Config.NumRecoveryThreadsPerDataDir,
            BootId = BootId.Read(),
            Config = _options.Config.DefaultLogConfig,
        });
        return Started(logs, directory =>
        {
            directory.CloseCleanly(NowMs());
            EmbeddedLog.Stopped(_logger, Id.Value);
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>Everything but the sockets.</summary>
    private async Task<BrokerServices> ServeTopicsAsync(LogDirectory logs, CancellationToken cancellation)
    {
        var configs = new BrokerConfigCache(_options.Config);
        var metadata = new MetadataCache(new MetadataImage(logs.ClusterId, Id, []));
        var table = new PartitionTable();
        var documents = new FileDocumentStore(_options.Files, Path.Combine(Path.GetFullPath(_options.DataDirectory), "documents"));
        var flushes = Started(new GroupFlush(_options.Clock), flush => flush.DisposeAsync());
        var partitions = new LocalPartitions(logs, table, metadata, configs, flushes, _options.Loggers.CreateLogger<LocalPartitions>());
        var catalog = Started(await CatalogHost.LoadAsync(
            documents, configs, metadata, partitions, _random, _options.Loggers.CreateLogger<CatalogHost>(), cancellation));
        partitions.OpenAll();
        var groups = Started(
            new GroupCoordinator(configs, metadata, table, catalog, _options.Clock, _random, _options.Loggers.CreateLogger<GroupCoordinator>()),
            coordinator => coordinator.DisposeAsync());
        partitions.Deleted = topic => groups.DeleteTopicOffsetsAsync(topic.Name);
        groups.Start();
        var background = Started(new LowPriorityThread("log cleaner"));
        Started(
            new Housekeeping(logs, table, configs, Cleaner(logs, background), background, partitions.OpenMissed, _options.Clock, _options.Loggers.CreateLogger<Housekeeping>()),
            housekeeping => housekeeping.DisposeAsync());
        return new BrokerServices
        {
            Id = Id,
            Config = configs,
            Metadata = metadata,
            Partitions = table,
            Membership = new FixedMembership(ClusterView.Empty),
            Peers = null!,
            Topics = catalog,
            Groups = groups,
            ProducerIds = Started(new ProducerIds(documents)),
            Logs = logs,
            Clock = _options.Clock,
            Random = _random,
        };
    }

    private LogCleaner? Cleaner(LogDirectory logs, IBackgroundWork background)
    {
        var config = _options.Config;
        return config.LogCleanerEnable
            ? new LogCleaner(
                logs,
                new LogCleanerOptions
                {
                    DedupeBufferBytes = config.LogCleanerDedupeBufferSize,
                    IoBufferBytes = config.LogCleanerIoBufferSize,
                    DedupeBufferLoadFactor = config.LogCleanerIoBufferLoadFactor,
                    IoBytesPerSecondMax = config.LogCleanerIoMaxBytesPerSecond,
                    WorkShareMax = LogCleanerWorkShareMax,
                    Clock = _options.Clock,
                    Wait = background.Rest,
                },
                _options.Loggers.CreateLogger<LogCleaner>())
            : null;
    }

    private void Listen(BrokerServices services, ListenerAddress address, ListenerAddress? advertised)
    {
        var config = _options.Config;
        try
        {
            var listener = Listener.Bind(ListenerSettings.From(config, address), services, _options.Loggers.CreateLogger<Listener>());
            Started(listener, stopping => stopping.DisposeAsync());
            var bound = address with { Port = listener.LocalEndpoint.Port };
            var told = advertised ?? address.Advertised(bound.Port);
            services.Metadata.Change(image => image with { Brokers = [new BrokerImage(Id, told.Host, told.Port, config.Rack)] });
            Endpoint = bound.ToString();
            listener.Accept();
        }
        catch (SocketException e)
        {
            throw new BrokerStartException($"listeners: cannot listen on {address}: {e.Message}", e);
        }
    }
}
