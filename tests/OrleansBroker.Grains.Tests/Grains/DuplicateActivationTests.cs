using System.Text;
using Orleans.Runtime.Hosting;
using Orleans.Runtime.Placement;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Groups;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Core.Replication;
using OrleansBroker.Grains.Placement;
using OrleansBroker.Grains.Tests.Silos;

namespace OrleansBroker.Grains.Tests.Grains;

/// <summary>A directory that has every grain at every silo, callers who want it where it should not be, and leaders that are none any more.</summary>
public sealed class DuplicateActivationTests
{
    private const int Records = 40;

    private readonly List<OwnDirectory> _directories = [];

    [Fact]
    public async Task Activations_of_one_partition_at_every_silo_lose_and_double_nothing_while_leaders_change()
    {
        await using var cluster = await WithOrdersAsync();
        var ids = new long[3];
        for (var silo = 0; silo < ids.Length; silo++)
        {
            ids[silo] = (await cluster.GrainsAt(silo).ProducerIds.NextAsync()).ProducerId;
        }

        var producers = Task.WhenAll(ids.Select((id, silo) => ProduceAsync(cluster, silo, id)));
        for (var turn = 0; turn < 3; turn++)
        {
            var leader = await cluster.Client.LeaderAsync("orders");
            await HandOverAsync(cluster, (leader + 1) % 3);
            await Task.WhenAny(producers, cluster.Client.UntilAsync(async () => await cluster.Client.LeaderAsync("orders") != leader, "another broker leads"));
        }

        await producers;
        var values = await cluster.Client.ReadAsync("orders");
        Assert.Equal(3 * Records, values.Length);
        for (var silo = 0; silo < 3; silo++)
        {
            Assert.Equal(Enumerable.Range(0, Records).Select(record => $"{silo}-{record}"), values.Where(value => value.StartsWith($"{silo}-", StringComparison.Ordinal)));
        }

        Assert.All(_directories, directory => Assert.NotEqual(0, directory.Registrations));
    }

    [Fact]
    public async Task An_activation_that_is_not_at_the_leader_asks_there_and_goes()
    {
        await using var cluster = await WithOrdersAsync();
        var leader = await cluster.Client.LeaderAsync("orders");
        var stale = (leader + 1) % 3;
        await cluster.GrainsAt(leader).Partition("orders", 0).AppendAsync([Record("at the leader")]);
        var grain = cluster.GrainsAt(stale).Partition("orders", 0);

        RequestContext.Set(IPlacementDirector.PlacementHintKey, cluster.AddressOf(stale));
        Assert.Equal(1, await grain.AppendAsync([Record("asked for elsewhere")]));
        RequestContext.Clear();

        // Two at a time: the leader's stays. The other one ends, and whoever asks comes to the leader's.
        Assert.True(_directories[leader].Has(grain));
        Assert.Equal(1, _directories[stale].Registrations);
        await cluster.Client.UntilAsync(() => Task.FromResult(!_directories[stale].Has(grain)), "the activation that should not be is gone");
        Assert.Equal(2, await grain.AppendAsync([Record("and again")]));
        Assert.Equal(["at the leader", "asked for elsewhere", "and again"], await cluster.Client.ReadAsync("orders"));
    }

    [Fact]
    public async Task A_leader_that_others_have_replaced_acknowledges_nothing_to_all_in_sync_replicas()
    {
        await using var cluster = await WithOrdersAsync();
        var stale = await cluster.Client.LeaderAsync("orders");
        await cluster.GrainsAt(stale).Partition("orders", 0).AppendAsync([Record("before")]);
        var replica = cluster.Service<LocalBroker>(stale).Host!.Services.Partitions.Find("orders", 0)!;
        var earlier = replica.State;
        await HandOverAsync(cluster, (stale + 1) % 3);
        await cluster.Client.UntilAsync(() => Task.FromResult(!replica.IsLeader), "the leadership has ended");

        // Two leaders, as if it had not heard.
        replica.Lead(earlier, 0);
        var refused = await AppendAtAsync(cluster, stale, "lost", timeoutMs: 500);
        Assert.True(replica.IsLeader);
        var taken = await cluster.GrainsAt((stale + 1) % 3).Partition("orders", 0).AppendAsync([Record("after")]);

        Assert.NotEqual(ErrorCode.None, refused.Error);
        Assert.Equal(1, taken);
        await HandOverAsync(cluster, (stale + 2) % 3);
        await cluster.Client.WholeAsync("orders");
        Assert.Equal(["before", "after"], await cluster.Client.ReadAsync("orders"));
    }

    [Fact]
    public async Task Activations_of_one_group_at_every_silo_keep_one_set_of_offsets_while_coordinators_change()
    {
        await using var cluster = await WithOrdersAsync();
        await UntilCommittedAsync(cluster, 0, 0);
        for (var offset = 1; offset <= 12; offset++)
        {
            await UntilCommittedAsync(cluster, offset % 3, offset);
            if (offset % 4 == 0)
            {
                var services = cluster.Service<LocalBroker>(0).Host!.Services;
                var shard = services.Groups.PartitionFor("readers");
                var coordinator = services.Metadata.Current.Find("__consumer_offsets")!.Partitions[shard].Leader.Value;
                await HandOverAsync(cluster, (coordinator + 1) % 3, "__consumer_offsets", shard);
            }

            for (var silo = 0; silo < 3; silo++)
            {
                var committed = -1L;
                await cluster.Client.UntilAsync(async () => (committed = await TryAsync(async () => await AtAsync(cluster, silo).CommittedOffsetAsync("orders", 0), null) ?? -1) >= 0, "the group can be asked");
                Assert.Equal(offset, committed);
            }
        }

        Assert.All(_directories, directory => Assert.NotEqual(0, directory.Registrations));
    }

    private static Task UntilCommittedAsync(SiloCluster cluster, int silo, long offset) => cluster.Client.UntilAsync(
        async () => await TryAsync(
            async () =>
            {
                await AtAsync(cluster, silo).CommitOffsetAsync("orders", 0, offset);
                return true;
            },
            false),
        $"offset {offset} is committed");

    private static IConsumerGroupGrain AtAsync(SiloCluster cluster, int silo)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, cluster.AddressOf(silo));
        return cluster.GrainsAt(silo).Group("readers");
    }

    private async Task<SiloCluster> WithOrdersAsync()
    {
        var cluster = await SiloCluster.OfAsync(3, silo => silo.AddGrainDirectory(BrokerGrainDirectory.Name, (_, _) => NewDirectory()));
        Assert.Equal(ErrorCode.None, await cluster.Client.CreateAsync(0, "orders"));
        await cluster.Client.WholeAsync("orders");
        return cluster;
    }

    // Silos start one after the other.
    private OwnDirectory NewDirectory()
    {
        _directories.Add(new OwnDirectory());
        return _directories[^1];
    }

    /// <summary>Appends through an activation at one silo, wherever the leader is.</summary>
    private static async Task ProduceAsync(SiloCluster cluster, int silo, long id)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, cluster.AddressOf(silo));
        var grain = cluster.GrainsAt(silo).Partition("orders", 0);
        for (var record = 0; record < Records; record++)
        {
            var options = new AppendOptions { ProducerId = id, BaseSequence = record };
            await cluster.Client.UntilAsync(async () => await TryAsync(() => grain.AppendAsync([Record($"{silo}-{record}")], options), -1) >= 0, $"{silo}-{record} is acknowledged");
        }
    }

    private static async Task HandOverAsync(SiloCluster cluster, int to, string topic = "orders", int partition = 0)
    {
        var host = cluster.Service<LocalBroker>(to).Host!;
        var key = new ReplicaKey(host.Services.Metadata.Current.Find(topic)!.Id, partition);
        await cluster.Client.UntilAsync(
            async () => (await Task.Run(() => host.Replicas.TakeLeadershipAsync([key], ElectionKind.Handover).AsTask()))[0] is ErrorCode.None or ErrorCode.ElectionNotNeeded,
            $"broker {to} leads {topic}-{partition}");

        // One that has not heard yet would say that all is committed, as far as it knows, while the new leader does not know yet.
        await cluster.Client.UntilAsync(
            () => Task.FromResult(Enumerable.Range(0, 3).Count(broker => cluster.Service<LocalBroker>(broker).Host!.Services.Partitions.Find(topic, partition) is { IsLeader: true }) == 1),
            $"one broker leads {topic}-{partition}");
    }

    private static async Task<AppendResponse> AppendAtAsync(SiloCluster cluster, int broker, string value, int timeoutMs)
    {
        using var builder = new Protocol.Records.RecordBatchBuilder();
        builder.Append(0, default, Encoding.UTF8.GetBytes(value));
        var request = new AppendRequest { Batch = builder.Build().ToArray(), TimeoutMs = timeoutMs };
        return (AppendResponse)(await cluster.Service<LocalBroker>(broker).Door!.HandleAsync(PartitionKey.Of("orders", 0), request))!;
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
}
