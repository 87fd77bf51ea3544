using OrleansBroker.Core.Ports;
using OrleansBroker.Grains.Membership;

namespace OrleansBroker.Grains.Tests.Silos;

/// <summary>Three brokers that are silos, as their clients see them.</summary>
public sealed class SiloClusterTests
{
    [Fact]
    public async Task Clients_see_three_brokers_and_every_one_of_them_creates_writes_and_reads()
    {
        await using var cluster = await SiloCluster.OfAsync(3);
        for (var broker = 0; broker < 3; broker++)
        {
            await BrokersAsync(cluster, broker, 3);
            Assert.Equal(ErrorCode.None, await cluster.Client.CreateAsync(broker, $"topic-{broker}"));
            await cluster.Client.ProduceToLeaderAsync($"topic-{broker}", "a value");
        }

        for (var broker = 0; broker < 3; broker++)
        {
            Assert.Equal(["a value"], await cluster.Client.ReadAsync($"topic-{broker}"));
            await cluster.Client.WholeAsync($"topic-{broker}");
        }
    }

    [Fact]
    public async Task A_leader_that_dies_is_replaced_and_what_was_acknowledged_stays()
    {
        await using var cluster = await SiloCluster.OfAsync(3);
        Assert.Equal(ErrorCode.None, await cluster.Client.CreateAsync(0, "orders"));
        await cluster.Client.ProduceToLeaderAsync("orders", "before");
        await cluster.Client.WholeAsync("orders");
        var dead = await cluster.Client.LeaderAsync("orders");

        await cluster.KillAsync(dead);
        await cluster.Client.ProduceToLeaderAsync("orders", "after");

        Assert.NotEqual(dead, await cluster.Client.LeaderAsync("orders"));
        Assert.Equal(["before", "after"], (await cluster.Client.ReadAsync("orders")).Distinct());
        await cluster.StartAsync(dead);
        await cluster.Client.WholeAsync("orders");
    }

    [Fact]
    public async Task A_silo_that_stops_has_handed_its_leaderships_over()
    {
        await using var cluster = await SiloCluster.OfAsync(3);
        Assert.Equal(ErrorCode.None, await cluster.Client.CreateAsync(0, "orders"));
        await cluster.Client.ProduceToLeaderAsync("orders", "before");
        await cluster.Client.WholeAsync("orders");
        var stopped = await cluster.Client.LeaderAsync("orders");

        await cluster.StopAsync(stopped);

        Assert.NotEqual(stopped, await cluster.Client.LeaderAsync("orders"));
        Assert.Equal(ErrorCode.None, await cluster.Client.ProduceAsync(await cluster.Client.LeaderAsync("orders"), "orders", "after"));
        await cluster.StartAsync(stopped);
        await cluster.Client.WholeAsync("orders");
        Assert.Equal(["before", "after"], await cluster.Client.ReadAsync("orders"));
    }

    [Fact]
    public async Task Brokers_serve_on_while_the_document_store_is_away()
    {
        await using var cluster = await SiloCluster.OfAsync(3);
        Assert.Equal(ErrorCode.None, await cluster.Client.CreateAsync(0, "orders"));
        await cluster.Client.ProduceToLeaderAsync("orders", "before");
        await cluster.Client.WholeAsync("orders");

        cluster.Storage.IsAway = true;
        var leader = await cluster.Client.LeaderAsync("orders");
        Assert.Equal(ErrorCode.None, await cluster.Client.ProduceAsync(leader, "orders", "while it is away"));
        Assert.NotEqual(ErrorCode.None, await cluster.Client.CreateAsync(0, "refused"));
        cluster.Storage.IsAway = false;

        await cluster.Client.UntilAsync(async () => await cluster.Client.CreateAsync(0, "taken") is ErrorCode.None or ErrorCode.TopicAlreadyExists, "the catalog has recovered");
        Assert.Equal(["before", "while it is away"], await cluster.Client.ReadAsync("orders"));
    }

    private static Task BrokersAsync(SiloCluster cluster, int broker, int count) => cluster.Client.UntilAsync(
        () => Task.FromResult(cluster.Service<SiloMembership>(broker) is IMembership { Current.Brokers.Length: var seen } && seen == count), $"broker {broker} sees {count} brokers");
}
