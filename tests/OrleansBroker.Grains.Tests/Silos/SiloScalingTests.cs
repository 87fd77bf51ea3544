using Microsoft.Extensions.DependencyInjection;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Grains.Hosting;
using OrleansBroker.Embedded.Tests.Cluster;

namespace OrleansBroker.Grains.Tests.Silos;

public sealed class SiloScalingTests
{
    private const int Partitions = 8;

    [Fact]
    public async Task A_silo_that_joins_gets_its_share_and_one_that_leaves_is_emptied_while_clients_go_on()
    {
        await using var cluster = await SiloCluster.OfAsync(
            3, silo => silo.Services.Configure<OrleansBrokerOptions>(options => options.Settings["auto.rebalance.delay.ms"] = "200"), room: 4);
        Assert.Equal(ErrorCode.None, await cluster.Client.CreateAsync(0, "orders", Partitions, replicationFactor: 2));
        await using var load = new ScalingLoad(cluster.Client, "orders", Partitions);
        await load.UntilAcknowledgedAsync(20);

        await cluster.StartAsync(3);
        await HeldAsync(cluster, [4, 4, 4, 4]);
        await load.UntilAcknowledgedAsync(20);

        Assert.Equal(ErrorCode.None, await cluster.Client.AlterAsync(1, ConfigResourceType.Broker, "0", "broker.decommission", "true"));
        await HeldAsync(cluster, [0, 5, 5, 6]);
        await cluster.StopAsync(0);
        await load.UntilAcknowledgedAsync(20);
        await load.CheckAsync();
    }

    /// <summary>Waits until every partition rests, whole, and brokers hold so many replicas each, whichever holds which.</summary>
    private static Task HeldAsync(SiloCluster cluster, int[] held) => cluster.Client.UntilAsync(
        async () => await cluster.Client.FindAsync(1, "orders") is { } topic
            && topic.Partitions.All(partition => partition.ReplicaNodes.Length == 2 && partition.IsrNodes.Length == 2)
            && Enumerable.Range(0, 4).Select(id => topic.Partitions.Count(partition => partition.ReplicaNodes.Contains(id))).Order().SequenceEqual(held),
        $"the brokers hold {string.Join(", ", held)} replicas");
}
