using Microsoft.Extensions.Diagnostics.HealthChecks;
using OrleansBroker.Grains.Tests.Silos;

namespace OrleansBroker.Grains.Tests.Health;

/// <summary>What a silo says of itself while its stores are away, its broker is alone, or it is to be dead.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task A_document_store_that_is_away_degrades_the_broker_which_serves_on_until_it_is_back()
    {
        await using var cluster = await SiloCluster.OfAsync(2);
        Assert.Equal(ErrorCode.None, await cluster.Client.CreateAsync(0, "orders"));
        await cluster.Client.WholeAsync("orders", replicas: 2);
        await UntilAsync(cluster, "documents", HealthStatus.Healthy);

        cluster.Storage.IsAway = true;
        await UntilAsync(cluster, "documents", HealthStatus.Degraded);

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(cluster)).Entries["orleansbroker.ready"].Status);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(cluster)).Entries["orleansbroker.live"].Status);
        await cluster.Client.ProduceToLeaderAsync("orders", "while the store is away");

        cluster.Storage.IsAway = false;
        await UntilAsync(cluster, "documents", HealthStatus.Healthy);
    }

    [Fact]
    public async Task Partitions_with_too_few_replicas_degrade_their_leader()
    {
        await using var cluster = await SiloCluster.OfAsync(2);
        Assert.Equal(ErrorCode.None, await cluster.Client.CreateAsync(0, "orders"));
        await cluster.Client.WholeAsync("orders", replicas: 2);

        // The one that is left leads all, with one replica in sync of the two that acks=all needs.
        await cluster.StopAsync(1);

        await UntilAsync(cluster, "partitions", HealthStatus.Degraded);
        Assert.Equal(1, (await CheckAsync(cluster)).Entries["orleansbroker.partitions"].Data["underMinIsr"]);
    }

    [Fact]
    public async Task A_broker_that_was_cut_off_is_not_alive_and_not_ready()
    {
        await using var cluster = await SiloCluster.OfAsync(1);
        await UntilAsync(cluster, "ready", HealthStatus.Healthy);

        cluster.Service<LocalBroker>(0).Sever();

        var report = await CheckAsync(cluster);
        Assert.Equal(HealthStatus.Unhealthy, report.Entries["orleansbroker.live"].Status);
        Assert.Equal(HealthStatus.Unhealthy, report.Entries["orleansbroker.ready"].Status);
        Assert.Contains(OrleansBrokerHealthExtensions.Live, report.Entries["orleansbroker.live"].Tags);
        Assert.Contains(OrleansBrokerHealthExtensions.Ready, report.Entries["orleansbroker.ready"].Tags);
    }

    private static Task<HealthReport> CheckAsync(SiloCluster cluster) => cluster.Service<HealthCheckService>(0).CheckHealthAsync();

    private static Task UntilAsync(SiloCluster cluster, string check, HealthStatus status) => cluster.Client.UntilAsync(
        async () => (await CheckAsync(cluster)).Entries[$"orleansbroker.{check}"].Status == status, $"{check} is {status}");
}
