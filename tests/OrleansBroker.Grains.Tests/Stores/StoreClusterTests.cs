using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Grains.Tests.Processes;

namespace OrleansBroker.Grains.Tests.Stores;

/// <summary>Three silos, a process each, on stores other than Redis or beside it.</summary>
public sealed class StoreClusterTests
{
    [StoreFact(Store.PostgreSql)]
    public async Task Brokers_on_PostgreSQL_serve_on_while_it_is_down_and_elect_again_when_it_is_back()
    {
        await using var server = new PostgreSqlServer();
        await server.InitializeAsync();
        await server.ApplyAsync();
        await using var cluster = await ProcessClusterTests.CreatedAsync("--clustering", "adonet", "--adonet", server.ConnectionString);
        await AssertServesOnAsync(cluster, server.KillAsync, server.StartAsync);
    }

    [StoreFact(Store.Redis, Store.AzureBlobs)]
    public async Task Brokers_with_membership_in_Redis_and_documents_in_blobs_serve_on_while_these_are_away_and_elect_again_when_they_are_back()
    {
        using var directory = new TemporaryDirectory();
        await using var redis = new RedisServer(directory.Below("redis"));
        await using var azurite = new AzuriteServer(directory.Below("azurite"));
        await Task.WhenAll(redis.StartAsync(), azurite.StartAsync());
        await using var cluster = await ProcessClusterTests.CreatedAsync(
            "--clustering", "redis", "--redis", $"127.0.0.1:{redis.Port}", "--storage", "azure", "--azure-storage", azurite.ConnectionString);
        await AssertServesOnAsync(cluster, azurite.StopAsync, azurite.StartAsync);
    }

    private static async Task AssertServesOnAsync(ProcessCluster cluster, Func<Task> stopStore, Func<Task> startStore)
    {
        var sent = new List<string>();
        await ProcessClusterTests.SendAsync(cluster, sent);
        await cluster.WholeAsync("orders");

        await stopStore();
        await ProcessClusterTests.SendAsync(cluster, sent);
        await startStore();
        await cluster.KillAsync((await cluster.PartitionAsync("orders"))!.LeaderId);
        await ProcessClusterTests.SendAsync(cluster, sent);

        Assert.Equal(sent, await ProcessClusterTests.ReadAsync(cluster));
    }
}
