#if AZURE
using OrleansBroker.Azure;
#endif
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Grains.Tests.Processes;
using OrleansBroker.PostgreSql;
using StackExchange.Redis;

namespace OrleansBroker.Grains.Tests.Stores;

/// <summary>Runs each store from its first use until the tests of a class are over.</summary>
public sealed class StoreServers : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<IAsyncDisposable> _servers = [];
    private readonly Dictionary<string, LossyProxy> _proxies = [];
    private readonly Dictionary<string, ProvidedDocuments> _documents = [];

    public Task InitializeAsync() => Task.CompletedTask;

    internal async Task<ProvidedDocuments> DocumentsAsync(string store)
    {
        if (!_documents.TryGetValue(store, out var documents))
        {
            _documents[store] = documents = await ProvidedDocuments.OpenAsync(await StartAsync(store));
        }

        return documents;
    }

    /// <summary>Between the documents and the store that keeps them.</summary>
    internal LossyProxy ProxyBefore(string store) => _proxies[store];

    public async Task DisposeAsync()
    {
        foreach (var documents in _documents.Values)
        {
            documents.Dispose();
        }

        foreach (var server in _proxies.Values.Concat(_servers))
        {
            await server.DisposeAsync();
        }

        _directory.Dispose();
    }

    private int PortBefore(string store, int port) => (_proxies[store] = new LossyProxy(port)).Port;

    private async Task<Action<ISiloBuilder>> StartAsync(string store)
    {
        switch (store)
        {
            case Store.Redis:
                var redis = new RedisServer(_directory.Below("redis"));
                _servers.Add(redis);
                await redis.StartAsync();
                var configuration = ConfigurationOptions.Parse($"127.0.0.1:{PortBefore(store, redis.Port)}");
                return silo => silo.AddRedisGrainStorage(ProvidedDocuments.StorageName, options => options.ConfigurationOptions = configuration);
            case Store.PostgreSql:
                var postgreSql = new PostgreSqlServer();
                _servers.Add(postgreSql);
                await postgreSql.InitializeAsync();
                await postgreSql.ApplyAsync();
                var database = new PostgreSqlDatabase($"{postgreSql.ConnectionString};Port={PortBefore(store, postgreSql.Port)}");
                return silo => silo.AddPostgreSqlDocuments(ProvidedDocuments.StorageName, database);
#if AZURE
            case Store.AzureBlobs:
                var azurite = new AzuriteServer(_directory.Below("azurite"));
                _servers.Add(azurite);
                await azurite.StartAsync();
                var account = new AzureStorageAccount(AzuriteServer.ConnectionStringTo(PortBefore(store, azurite.Port)), "documents");
                return silo => silo.AddAzureBlobDocuments(ProvidedDocuments.StorageName, account);
#endif
            default:
                throw new ArgumentException(store);
        }
    }
}
