using Microsoft.Extensions.Logging;
using OrleansBroker.Core;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.ErrorCode;

namespace OrleansBroker.Embedded.Topics;

/// <summary>
/// Hosts the catalog machine over a document store. Requests go one after the other: decide, store, replay, apply, tell the other
/// brokers, answer. A write whose outcome stays unknown is answered with an error, and the catalog is read again before the next
/// request. Where another broker writes, this one follows: it reads what changed when it is told, and now and then unasked.
/// </summary>
public sealed partial class CatalogHost : ITopicCatalog, ICatalogPeer, IDisposable
{
    /// <summary>How often a request is decided anew because another writer came first.</summary>
    private const int DecisionsMax = 5;

    /// <summary>How long an answer waits for other brokers to have what it says.</summary>
    private static readonly TimeSpan TellingMax = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _lane = new(1, 1);
    private readonly CatalogServices _services;
    private readonly BrokerConfigCache _config;
    private readonly MetadataCache _metadata;
    private readonly CatalogStore _store;
    private readonly CatalogApplication _application;
    private readonly Random _random;
    private Catalog _catalog;
    private bool _isStale;
    private int _distrusts;
    private int _distrustsSettled;
    private long _shownVersion;

    private CatalogHost(CatalogServices services)
    {
        _services = services;
        _config = services.Config;
        _metadata = services.Metadata;
        _random = services.Random.Fork();
        _catalog = new Catalog(_random.NextGuid);
        _store = new CatalogStore(services.Documents, _config.Current.Broker, services.Random.Fork(), services.WritesAtOnce);
        _application = new CatalogApplication(_config, _metadata, services.Partitions, services.Logger);
    }

    /// <summary>This broker's own: requests that were sent on to it are answered here, whether or not it is the controller still.</summary>
    public ITopicCatalog Writer => this;

    /// <summary>Reads the catalog and fills the image and the configuration from it. The partitions are told of later changes only.</summary>
    /// <exception cref="IOException">A document cannot be read.</exception>
    public static async ValueTask<CatalogHost> LoadAsync(CatalogServices services, CancellationToken cancellation)
    {
        var host = new CatalogHost(services);
        host._catalog = await host.ReadAsync(cancellation);
        host._application.Load(host._catalog);
        host._shownVersion = host._store.Version;
        return host;
    }

    public ValueTask<CreateTopicsResponse> CreateTopicsAsync(CreateTopicsRequest request, CancellationToken cancellation) => ExecuteAsync(
        request.TimeoutMs, (catalog, view) => catalog.CreateTopics(request, view), refusal => CatalogRefusals.CreateTopics(request, refusal), cancellation);

    public ValueTask<DeleteTopicsResponse> DeleteTopicsAsync(DeleteTopicsRequest request, CancellationToken cancellation) => ExecuteAsync(
        request.TimeoutMs, (catalog, _) => catalog.DeleteTopics(request), refusal => CatalogRefusals.DeleteTopics(request, refusal), cancellation);

    public ValueTask<CreatePartitionsResponse> CreatePartitionsAsync(CreatePartitionsRequest request, CancellationToken cancellation) => ExecuteAsync(
        request.TimeoutMs, (catalog, view) => catalog.CreatePartitions(request, view), refusal => CatalogRefusals.CreatePartitions(request, refusal), cancellation);

    public ValueTask<AlterConfigsResponse> AlterConfigsAsync(AlterConfigsRequest request, CancellationToken cancellation) => ExecuteAsync(
        Timeout.Infinite, (catalog, view) => catalog.AlterConfigs(request, view), refusal => CatalogRefusals.AlterConfigs(request, refusal), cancellation);

    public ValueTask<IncrementalAlterConfigsResponse> IncrementalAlterConfigsAsync(IncrementalAlterConfigsRequest request, CancellationToken cancellation) => ExecuteAsync(
        Timeout.Infinite, (catalog, view) => catalog.IncrementalAlterConfigs(request, view), refusal => CatalogRefusals.IncrementalAlterConfigs(request, refusal), cancellation);

    public ValueTask<ErrorCode[]> CreateOnFirstUseAsync(IReadOnlyList<string> names, CancellationToken cancellation) =>
        KnowsAll(names)
            ? new(new ErrorCode[names.Count])
            : ExecuteAsync(Timeout.Infinite, (catalog, view) => catalog.CreateOnFirstUse(names, view), refusal => CatalogRefusals.FirstUse(names, refusal), cancellation);

    /// <summary>Whether all these topics exist, as this broker knows it.</summary>
    public bool KnowsAll(IReadOnlyList<string> names) => names.All(name => _metadata.Current.Find(name) is not null);

    /// <exception cref="IOException">The documents cannot be read.</exception>
    public async ValueTask RefreshAsync(long version, CancellationToken cancellation)
    {
        if (version > Volatile.Read(ref _shownVersion))
        {
            await CatchUpAsync(cancellation);
        }
    }

    /// <summary>Everything is read again before anything else is decided: another broker wrote, and may have ended in the middle.</summary>
    public void Distrust() => Interlocked.Increment(ref _distrusts);

    /// <summary>Brings this broker to what is stored, and the others to what this one found out.</summary>
    /// <returns>Whether everything is in place; false asks for another call soon.</returns>
    /// <exception cref="IOException">The documents cannot be read or written.</exception>
    public async ValueTask<bool> CatchUpAsync(CancellationToken cancellation)
    {
        await _lane.EnterAsync(cancellation);
        bool isDone, isTold;
        try
        {
            await ReadAgainAsync(cancellation);
            isTold = !_store.IsBehind;
            if (!isTold && !await _store.PublishAsync())
            {
                _isStale = true;
            }

            Volatile.Write(ref _shownVersion, _store.Version);
            isDone = await _application.RetryAsync() && !IsStale;
        }
        finally
        {
            _lane.Release();
        }

        if (!isTold)
        {
            await TellAsync();
        }

        return isDone;
    }

    public void Dispose() => _lane.Dispose();

    private bool IsStale => _isStale || _distrustsSettled != Volatile.Read(ref _distrusts);

    private async ValueTask<TResponse> ExecuteAsync<TResponse>(
        int timeoutMs, Func<Catalog, CatalogView, CatalogResult<TResponse>> decide, Func<Refusal, TResponse> refuse, CancellationToken cancellation)
    {
        // Requests come on the thread that polls the sockets; what follows waits for the disk.
        await Task.Yield();
        if (!await _lane.EnterAsync(TimeSpan.FromMilliseconds(timeoutMs == Timeout.Infinite ? timeoutMs : Math.Max(0, timeoutMs)), _services.Clock, cancellation))
        {
            return refuse(new(RequestTimedOut, "The requests before this one took too long"));
        }

        TResponse response;
        var before = _store.Version;
        try
        {
            // Once begun it is brought to its end, whether or not the client is still there.
            response = await DecideAndStoreAsync(decide, refuse);
        }
        catch (IOException e)
        {
            _isStale = true;
            CatalogNotWritten(_services.Logger, e.Message);
            return refuse(new(KafkaStorageError, $"The catalog could not be written: {e.Message}"));
        }
        finally
        {
            _lane.Release();
        }

        if (Volatile.Read(ref _shownVersion) > before)
        {
            await TellAsync();
        }

        return response;
    }

    private async ValueTask<TResponse> DecideAndStoreAsync<TResponse>(Func<Catalog, CatalogView, CatalogResult<TResponse>> decide, Func<Refusal, TResponse> refuse)
    {
        for (var decision = 1; decision <= DecisionsMax; decision++)
        {
            if (IsStale)
            {
                await ReadAgainAsync(CancellationToken.None);
            }

            var brokers = _services.Membership.Current;
            var result = decide(_catalog, View(brokers));
            if (result.Records.Count == 0 && !_store.IsBehind)
            {
                return result.Response;
            }

            if (await _store.WriteAsync(result.Records, brokers) is { } stored)
            {
                Replay(stored, _catalog);
                await _application.ApplyAsync(stored, _catalog);
                Volatile.Write(ref _shownVersion, _store.Version);
                return result.Response;
            }

            _isStale = true;
        }

        return refuse(new(NotController, "The catalog is written by others all the time"));
    }

    private CatalogView View(ClusterView brokers)
    {
        var placeable = brokers.Brokers.Where(broker => !broker.IsDraining && !_catalog.Decommissioned.Contains(broker.Id)).Select(broker => new CatalogBroker(broker.Id, broker.Rack));
        return new(_config.Current, [.. placeable])
        {
            Knows = id => brokers.IsAlive(id) || _catalog.BrokersWithConfigs.Contains(id)
                || _metadata.Current.Topics.Any(topic => Array.Exists(topic.Partitions, partition => Array.IndexOf(partition.Replicas, id) >= 0)),
        };
    }

    /// <summary>Reads what changed, or everything where it is not known what did.</summary>
    private async ValueTask ReadAgainAsync(CancellationToken cancellation)
    {
        var distrusts = Volatile.Read(ref _distrusts);
        IReadOnlyList<CatalogRecord>? changes = null;
        if (!IsStale)
        {
            // Until all that was read is in place.
            _isStale = true;
            changes = await _store.ReadChangesAsync(_catalog, cancellation);
        }

        if (changes is not null)
        {
            Replay(changes, _catalog);
        }
        else
        {
            var read = await ReadAsync(cancellation);
            changes = CatalogDifference.Between(_catalog, read);
            _catalog = read;
        }

        await _application.ApplyAsync(changes, _catalog);
        Volatile.Write(ref _shownVersion, _store.Version);
        _distrustsSettled = distrusts;
        _isStale = false;
    }

    /// <summary>Has the other brokers read what is new. One that cannot be told finds out by itself.</summary>
    private async ValueTask TellAsync()
    {
        var version = Volatile.Read(ref _shownVersion);
        var others = _services.Membership.Current.Brokers.Where(broker => broker.Id != _config.Current.Broker).Select(broker => TellAsync(broker.Id, version)).ToArray();
        try
        {
            await Task.WhenAll(others).WithinAsync(TellingMax, _services.Clock, CancellationToken.None);
        }
        catch (TimeoutException)
        {
        }
    }

    private async Task TellAsync(BrokerId broker, long version)
    {
        try
        {
            await _services.Peers.AskAsync(broker, new CatalogChanged(version), CancellationToken.None);
        }
        catch (IOException)
        {
        }
    }

    private async ValueTask<Catalog> ReadAsync(CancellationToken cancellation)
    {
        var catalog = new Catalog(_random.NextGuid);
        Replay(await _store.ReadAsync(_services.Membership.Current, cancellation), catalog);
        return catalog;
    }

    private static void Replay(IReadOnlyList<CatalogRecord> records, Catalog catalog)
    {
        foreach (var record in records)
        {
            catalog.Replay(record);
        }
    }

    [LoggerMessage(4013, LogLevel.Error, "the catalog could not be written: {Reason}")]
    private static partial void CatalogNotWritten(ILogger logger, string reason);
}
