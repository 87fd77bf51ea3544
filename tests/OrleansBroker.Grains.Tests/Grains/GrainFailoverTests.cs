using System.Text;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Grains.Tests.Silos;

namespace OrleansBroker.Grains.Tests.Grains;

/// <summary>Leaders that die, and activations that are not where they should be.</summary>
public sealed class GrainFailoverTests
{
    [Fact]
    public async Task A_grain_whose_leader_dies_goes_on_at_an_in_sync_replica_with_all_that_was_acknowledged()
    {
        await using var cluster = await WithOrdersAsync();
        var partition = (await cluster.ConnectAsync()).Partition("orders", 0);
        await partition.AppendAsync([Record("before")]);
        var dead = await cluster.Client.LeaderAsync("orders");

        await cluster.KillAsync(dead);
        var producer = new Producer(partition, await ProducerIdAsync(cluster, dead));
        await producer.AppendAsync(cluster.Client, "after");

        var leader = await cluster.Client.LeaderAsync("orders");
        Assert.NotEqual(dead, leader);
        Assert.Equal(["before", "after"], await ReadAllAsync(cluster, partition));
        await cluster.Client.UntilAsync(async () => await cluster.WhereAsync(partition) == leader, "the grain is at the new leader");
    }

    [Fact]
    public async Task A_silo_that_is_no_broker_calls_the_grains_of_those_that_are()
    {
        await using var cluster = await WithOrdersAsync();
        var grains = await cluster.StartSiloAsync();
        var leader = await cluster.Client.LeaderAsync("orders");

        // A silo that has just come does not know yet which grains the others have.
        await cluster.Client.UntilAsync(async () => await TryAsync(() => grains.Partition("orders", 0).LatestOffsetAsync(), -1) == 0, "the brokers' grains are known");

        // It knows no leader: the first call may have come to any broker.
        Assert.Equal(0, await grains.Partition("orders", 0).AppendAsync([Record("one")]));
        Assert.Equal(1, await grains.Partition("orders", 0).AppendAsync([Record("two")]));

        Assert.Equal(leader == 1, (await grains.Replica("orders", 0, 1).DescribeAsync()).IsLeader);
        Assert.Equal(["one", "two"], await cluster.Client.ReadAsync("orders"));
        await cluster.Client.UntilAsync(async () => await cluster.WhereAsync(grains.Partition("orders", 0)) == leader, "the grain is at the leader");
    }

    private static async Task<long> ProducerIdAsync(SiloCluster cluster, int dead)
    {
        var id = -1L;
        await cluster.Client.UntilAsync(
            async () =>
            {
                try
                {
                    id = (await cluster.GrainsAt((dead + 1) % 3).ProducerIds.NextAsync()).ProducerId;
                }
                catch (Exception e) when (e is OrleansException or IOException or TimeoutException)
                {
                    // Its silo died.
                }

                return id >= 0;
            },
            "there is a producer id");
        return id;
    }

    private static async Task<SiloCluster> WithOrdersAsync()
    {
        var cluster = await SiloCluster.OfAsync(3);
        Assert.Equal(ErrorCode.None, await cluster.Client.CreateAsync(0, "orders"));
        await cluster.Client.WholeAsync("orders");
        return cluster;
    }

    private static async Task<string[]> ReadAllAsync(SiloCluster cluster, IPartitionGrain partition)
    {
        // A new leader does not know at once what the one before it had committed.
        var end = -1L;
        await cluster.Client.UntilAsync(async () => (end = await TryAsync(() => partition.LatestOffsetAsync(), -1)) >= 0, "the end is known");
        var records = new List<ConsumerRecord>();
        while (records.Count < end)
        {
            records.AddRange((await partition.ReadAsync(records.Count, TimeSpan.FromSeconds(30))).Records);
        }

        return [.. records.Select(record => Encoding.UTF8.GetString(record.Value!.Value.Span))];
    }

    private static async Task<T> TryAsync<T>(Func<Task<T>> call, T otherwise)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is BrokerException { IsRetriable: true } or OrleansException or IOException or TimeoutException)
        {
            return otherwise;
        }
    }

    private static ProducerRecord Record(string value) => new(Encoding.UTF8.GetBytes(value));

    /// <summary>Appends a record until it is acknowledged; as it is idempotent, none is doubled.</summary>
    private sealed class Producer(IPartitionGrain partition, long id)
    {
        private int _sequence;

        public async Task AppendAsync(Embedded.Tests.Cluster.ClusterClient cluster, string value)
        {
            var options = new AppendOptions { ProducerId = id, BaseSequence = _sequence++, Timeout = TimeSpan.FromSeconds(5) };
            await cluster.UntilAsync(async () => await TryAsync(() => partition.AppendAsync([Record(value)], options), -1) >= 0, $"'{value}' is acknowledged");
        }
    }
}
