using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.ErrorCode;

namespace OrleansBroker.Embedded.Topics;

/// <summary>
/// Hosts the catalog machine over a document store. Requests go one after the other: decide, store, replay, apply, answer.
/// A write whose outcome stays unknown is answered with an error, and the catalog is read again before the next request.
/// </summary>
public sealed partial class CatalogHost : ITopicCatalog, ICatalogPeer, IDisposable
{
    /// <summary>How often a request is decided anew because another writer came first.</summary>
    private const int DecisionsMax = 5;

    /// <summary>How many documents of one request are written at the same time.</summary>
    private const int WritesAtOnceDefault = 4;

    private readonly SemaphoreSlim _lane = new(1, 1);
    private readonly BrokerConfigCache _config;
    private readonly MetadataCache _metadata;
    private readonly CatalogStore _store;
    private readonly CatalogApplication _application;
    private readonly ILogger _logger;
    private readonly Random _random;
    private Catalog _catalog;
    private bool _isStale;

    private CatalogHost(IDocumentStore store, BrokerConfigCache config, MetadataCache metadata, IPartitionHost partitions, Random random, ILogger logger, int writesAtOnce)
    {
        _config = config;
        _metadata = metadata;
        _random = random.Fork();
        _catalog = new Catalog(_random.NextGuid);
        _store = new CatalogStore(store, config.Current.Broker, random.Fork(), writesAtOnce);
        _application = new CatalogApplication(config, metadata, partitions, logger);
        _logger = logger;
    }

    /// <summary>Reads the catalog and fills <paramref name="metadata"/> and <paramref name="config"/> from it. <paramref name="partitions"/> is told of later changes only.</summary>
    /// <exception cref="IOException">A document cannot be read.</exception>
    public static async ValueTask<CatalogHost> LoadAsync(
        IDocumentStore store, BrokerConfigCache config, MetadataCache metadata, IPartitionHost partitions, Random random, ILogger logger,
        CancellationToken cancellation, int writesAtOnce = WritesAtOnceDefault)
    {
        var host = new CatalogHost(store, config, metadata, partitions, random, logger, writesAtOnce);
        host._catalog = await host.ReadAsync(cancellation);
        host._application.Load(host._catalog);
        return host;
    }

    /// <summary>This broker writes its catalog itself.</summary>
    public ITopicCatalog Writer => this;

    public ValueTask RefreshAsync(long version, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask<CreateTopicsResponse> CreateTopicsAsync(CreateTopicsRequest request, CancellationToken cancellation) => ExecuteAsync(
        request.TimeoutMs,
        (catalog, view) => catalog.CreateTopics(request, view),
        failure => new() { Topics = Array.ConvertAll(request.Topics, topic => new CreateTopicsResponse.CreatableTopicResult { Name = topic.Name, ErrorCode = failure.Code, ErrorMessage = failure.Message }) },
        cancellation);

    public ValueTask<DeleteTopicsResponse> DeleteTopicsAsync(DeleteTopicsRequest request, CancellationToken cancellation) => ExecuteAsync(
        request.TimeoutMs,
        (catalog, _) => catalog.DeleteTopics(request),
        failure => new()
        {
            Responses =
            [
                .. request.Topics.Select(topic => new DeleteTopicsResponse.DeletableTopicResult { Name = topic.Name, TopicId = topic.TopicId, ErrorCode = failure.Code, ErrorMessage = failure.Message }),
                .. request.TopicNames.Select(name => new DeleteTopicsResponse.DeletableTopicResult { Name = name, ErrorCode = failure.Code, ErrorMessage = failure.Message }),
            ],
        },
        cancellation);

    public ValueTask<CreatePartitionsResponse> CreatePartitionsAsync(CreatePartitionsRequest request, CancellationToken cancellation) => ExecuteAsync(
        request.TimeoutMs,
        (catalog, view) => catalog.CreatePartitions(request, view),
        failure => new() { Results = Array.ConvertAll(request.Topics, topic => new CreatePartitionsResponse.CreatePartitionsTopicResult { Name = topic.Name, ErrorCode = failure.Code, ErrorMessage = failure.Message }) },
        cancellation);

    public ValueTask<AlterConfigsResponse> AlterConfigsAsync(AlterConfigsRequest request, CancellationToken cancellation) => ExecuteAsync(
        Timeout.Infinite,
        (catalog, view) => catalog.AlterConfigs(request, view),
        failure => new()
        {
            Responses = Array.ConvertAll(request.Resources, resource => new AlterConfigsResponse.AlterConfigsResourceResponse
            {
                ResourceType = resource.ResourceType, ResourceName = resource.ResourceName, ErrorCode = failure.Code, ErrorMessage = failure.Message,
            }),
        },
        cancellation);

    public ValueTask<IncrementalAlterConfigsResponse> IncrementalAlterConfigsAsync(IncrementalAlterConfigsRequest request, CancellationToken cancellation) => ExecuteAsync(
        Timeout.Infinite,
        (catalog, view) => catalog.IncrementalAlterConfigs(request, view),
        failure => new()
        {
            Responses = Array.ConvertAll(request.Resources, resource => new IncrementalAlterConfigsResponse.AlterConfigsResourceResponse
            {
                ResourceType = resource.ResourceType, ResourceName = resource.ResourceName, ErrorCode = failure.Code, ErrorMessage = failure.Message,
            }),
        },
        cancellation);

    public ValueTask<ErrorCode[]> CreateOnFirstUseAsync(IReadOnlyList<string> names, CancellationToken cancellation) =>
        names.All(name => _metadata.Current.Find(name) is not null)
            ? new(new ErrorCode[names.Count])
            : ExecuteAsync(Timeout.Infinite, (catalog, view) => catalog.CreateOnFirstUse(names, view), failure => [.. names.Select(_ => failure.Code)], cancellation);

    public void Dispose() => _lane.Dispose();

    private async ValueTask<TResponse> ExecuteAsync<TResponse>(
        int timeoutMs, Func<Catalog, CatalogView, CatalogResult<TResponse>> decide, Func<Refusal, TResponse> fail, CancellationToken cancellation)
    {
        // Requests come on the thread that polls the sockets; what follows waits for the disk.
        await Task.Yield();
        if (!await _lane.WaitAsync(timeoutMs == Timeout.Infinite ? timeoutMs : Math.Max(0, timeoutMs), cancellation))
        {
            return fail(new(RequestTimedOut, "The requests before this one took too long"));
        }

        try
        {
            // Once begun it is brought to its end, whether or not the client is still there.
            return await DecideAndStoreAsync(decide, fail);
        }
        catch (IOException e)
        {
            _isStale = true;
            LogFailed(_logger, e.Message);
            return fail(new(KafkaStorageError, $"The catalog could not be written: {e.Message}"));
        }
        finally
        {
            _lane.Release();
        }
    }

    private async ValueTask<TResponse> DecideAndStoreAsync<TResponse>(Func<Catalog, CatalogView, CatalogResult<TResponse>> decide, Func<Refusal, TResponse> fail)
    {
        for (var decision = 1; decision <= DecisionsMax; decision++)
        {
            await ReadAgainIfStaleAsync();
            var result = decide(_catalog, new CatalogView(_config.Current, [.. _metadata.Current.Brokers.OrderBy(broker => broker.Id.Value).Select(broker => new CatalogBroker(broker.Id, broker.Rack))]));
            if (result.Records.Count == 0)
            {
                return result.Response;
            }

            if (await _store.WriteAsync(result.Records, _catalog, CancellationToken.None))
            {
                Replay(result.Records, _catalog);
                await _application.ApplyAsync(result.Records, _catalog);
                return result.Response;
            }

            _isStale = true;
        }

        return fail(new(NotController, "The catalog is written by others all the time"));
    }

    private async ValueTask ReadAgainIfStaleAsync()
    {
        if (!_isStale)
        {
            return;
        }

        var read = await ReadAsync(CancellationToken.None);
        var difference = CatalogDifference.Between(_catalog, read, _config.Current.Broker);
        _catalog = read;
        await _application.ApplyAsync(difference, read);
        _isStale = false;
    }

    private async ValueTask<Catalog> ReadAsync(CancellationToken cancellation)
    {
        var catalog = new Catalog(_random.NextGuid);
        Replay(await _store.ReadAsync(cancellation), catalog);
        return catalog;
    }

    private static void Replay(IReadOnlyList<CatalogRecord> records, Catalog catalog)
    {
        foreach (var record in records)
        {
            catalog.Replay(record);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The catalog could not be written: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
