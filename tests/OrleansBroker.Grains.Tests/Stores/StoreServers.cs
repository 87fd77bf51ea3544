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

    public async Task DisposeAsync()
    {
        foreach (var documents in _documents.Values)
        {
            documents.Dispose();
        }

        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        _directory.Dispose();
    }

    private async Task<Action<ISiloBuilder>> StartAsync(string store)
    {
        switch (store)
        {
            case Store.Redis:
                var redis = new RedisServer(_directory.Below("redis"));
                _servers.Add(redis);
                await redis.StartAsync();
                return silo => silo.AddRedisGrainStorage(ProvidedDocuments.StorageName, options => options.ConfigurationOptions = ConfigurationOptions.Parse($"127.0.0.1:{redis.Port}"));
            case Store.PostgreSql:
                var postgreSql = new PostgreSqlServer();
                _servers.Add(postgreSql);
                await postgreSql.InitializeAsync();
                await postgreSql.ApplyAsync();
                return silo => silo.AddPostgreSqlDocuments(ProvidedDocuments.StorageName, new PostgreSqlDatabase(postgreSql.ConnectionString));
#if AZURE
            case Store.AzureBlobs:
                var azurite = new AzuriteServer(_directory.Below("azurite"));
                _servers.Add(azurite);
                await azurite.StartAsync();
                return silo => silo.AddAzureBlobDocuments(ProvidedDocuments.StorageName, new AzureStorageAccount(azurite.ConnectionString, "documents"));
#endif
            default:
                throw new ArgumentException(store);
        }
    }
}
