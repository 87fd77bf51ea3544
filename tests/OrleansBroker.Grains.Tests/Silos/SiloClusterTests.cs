using Microsoft.Extensions.DependencyInjection;
using System.Net;
using OrleansBroker.Grains.Hosting;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Grains.Membership;
using OrleansBroker.Protocol;

namespace OrleansBroker.Grains.Tests.Silos;

/// <summary>Three brokers that are silos, as their clients see them.</summary>
public sealed class SiloClusterTests
{
    [Fact]
    public async Task A_broker_that_keeps_its_documents_in_files_is_refused_where_there_is_another()
    {
        await using var cluster = await SiloCluster.OfAsync(1, silo => silo.Services.PostConfigure<OrleansBrokerOptions>(options => options.Storage = null), room: 2);

        var problem = await Assert.ThrowsAnyAsync<Exception>(() => cluster.StartAsync(1));

        Assert.Contains("Storage: not given, which is for a broker that is alone: its cluster has broker 0", problem.ToString(), StringComparison.Ordinal);
    }

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
    public async Task All_brokers_answer_one_cluster_id()
    {
        await using var cluster = await SiloCluster.OfAsync(3);

        var ids = new[] { await ClusterIdAsync(cluster, 0), await ClusterIdAsync(cluster, 1), await ClusterIdAsync(cluster, 2) };

        Assert.NotEqual(string.Empty, Assert.Single(ids.Distinct()));
    }

    [Fact]
    public async Task A_broker_that_has_said_goodbye_is_gone_while_its_silo_goes_on()
    {
        await using var cluster = await SiloCluster.OfAsync(2);
        await BrokersAsync(cluster, 0, 2);
        var earlier = cluster.Service<LocalBroker>(1).Introduction!;

        await cluster.Service<SiloLinks>(1).LeaveAsync();

        Assert.Equal(1, LivingAt(cluster, 0));

        // What it said before may arrive after it.
        cluster.Service<LocalBroker>(0).Meet(earlier);
        Assert.Equal(1, LivingAt(cluster, 0));
        await cluster.StopAsync(1);
        await cluster.StartAsync(1);
        await BrokersAsync(cluster, 0, 2);
    }

    [Fact]
    public async Task A_broker_does_not_take_back_that_it_drains()
    {
        await using var cluster = await SiloCluster.OfAsync(2);
        await BrokersAsync(cluster, 0, 2);
        var earlier = cluster.Service<LocalBroker>(1).Introduction!;

        await cluster.Service<SiloLinks>(1).DrainAsync();
        cluster.Service<LocalBroker>(0).Meet(earlier);

        Assert.True(cluster.Service<SiloMembership>(0).Current.Find(new BrokerId(1))!.IsDraining);
    }

    [Fact]
    public async Task A_silo_that_meets_a_later_life_of_its_broker_answers_nobody_any_more()
    {
        await using var cluster = await SiloCluster.OfAsync(1);
        var (local, other) = (cluster.Service<LocalBroker>(0), SiloAddress.New(IPAddress.Loopback, 1, 1).ToParsableString());
        var own = local.Introduction!;

        local.Meet(new BrokerIntroduction { Silo = other, Broker = own.Broker, Epoch = own.Epoch - 1 });
        Assert.False(local.IsSevered);
        local.Meet(new BrokerIntroduction { Silo = other, Broker = own.Broker, Epoch = own.Epoch + 1 });

        Assert.True(local.IsSevered);
    }

    [Fact]
    public async Task A_leader_that_dies_is_replaced_and_what_was_acknowledged_stays()
    {
        await using var cluster = await WithOrdersAsync();
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
        await using var cluster = await WithOrdersAsync();
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
        await using var cluster = await WithOrdersAsync();

        cluster.Storage.IsAway = true;
        var leader = await cluster.Client.LeaderAsync("orders");
        Assert.Equal(ErrorCode.None, await cluster.Client.ProduceAsync(leader, "orders", "while it is away"));
        Assert.NotEqual(ErrorCode.None, await cluster.Client.CreateAsync(0, "refused"));
        cluster.Storage.IsAway = false;

        await cluster.Client.UntilAsync(async () => await cluster.Client.CreateAsync(0, "taken") is ErrorCode.None or ErrorCode.TopicAlreadyExists, "the catalog has recovered");
        Assert.Equal(["before", "while it is away"], await cluster.Client.ReadAsync("orders"));
    }

    private static async Task<string> ClusterIdAsync(SiloCluster cluster, int broker) => (await cluster.Client.MetadataAsync(broker)).ClusterId!;

    private static int LivingAt(SiloCluster cluster, int broker) => cluster.Service<SiloMembership>(broker).Current.Brokers.Length;

    /// <summary>Three brokers with one record in <c>orders</c>, on all of them.</summary>
    private static async Task<SiloCluster> WithOrdersAsync()
    {
        var cluster = await SiloCluster.OfAsync(3);
        Assert.Equal(ErrorCode.None, await cluster.Client.CreateAsync(0, "orders"));
        await cluster.Client.ProduceToLeaderAsync("orders", "before");
        await cluster.Client.WholeAsync("orders");
        return cluster;
    }

    private static Task BrokersAsync(SiloCluster cluster, int broker, int count) => cluster.Client.UntilAsync(
        () => Task.FromResult(LivingAt(cluster, broker) == count), $"broker {broker} sees {count} brokers");
}
