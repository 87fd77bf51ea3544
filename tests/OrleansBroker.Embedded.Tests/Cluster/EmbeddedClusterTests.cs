using OrleansBroker.Core.Configuration;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Tests.Cluster;

/// <summary>A cluster as its clients see it, while its brokers are stopped, killed, paused and cut off.</summary>
public sealed class EmbeddedClusterTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("orleansbroker-cluster-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Every_broker_names_all_of_them_their_racks_and_one_controller()
    {
        await using var cluster = await StartAsync(racks: ["a", "b", "c"]);
        var client = new ClusterClient(cluster);

        for (var broker = 0; broker < 3; broker++)
        {
            var metadata = await client.MetadataAsync(broker);
            Assert.Equal((cluster.ClusterId, 0), (metadata.ClusterId, metadata.ControllerId));
            Assert.Equal(
                cluster.Brokers.Select(each => $"{each.Id} {each.Endpoint}"), metadata.Brokers.OrderBy(each => each.NodeId).Select(each => $"{each.NodeId} {each.Host}:{each.Port}"));
            Assert.Equal(["a", "b", "c"], metadata.Brokers.OrderBy(each => each.NodeId).Select(each => each.Rack));
        }
    }

    [Fact]
    public async Task What_one_broker_was_asked_to_create_alter_and_delete_is_so_on_all_when_it_answers()
    {
        await using var cluster = await StartAsync();
        var client = new ClusterClient(cluster);

        Assert.Equal(ErrorCode.None, await client.CreateAsync(broker: 2, "orders", partitions: 6));
        Assert.Equal(ErrorCode.TopicAlreadyExists, await client.CreateAsync(broker: 1, "orders"));
        Assert.Equal(ErrorCode.None, await client.AlterAsync(1, ConfigResourceType.Topic, "orders", "retention.ms", "7000"));
        for (var broker = 0; broker < 3; broker++)
        {
            var topic = await client.FindAsync(broker, "orders");
            Assert.Equal(6, topic!.Partitions.Length);
            Assert.All(topic.Partitions, partition => Assert.Equal([0, 1, 2], partition.ReplicaNodes.Order()));
            Assert.Equal("7000", await client.DescribeAsync(broker, ConfigResourceType.Topic, "orders", "retention.ms"));
        }

        Assert.Equal([0, 0, 1, 1, 2, 2], (await client.FindAsync(0, "orders"))!.Partitions.Select(partition => partition.LeaderId).Order());
        Assert.Equal(ErrorCode.None, await client.DeleteAsync(broker: 1, "orders"));
        for (var broker = 0; broker < 3; broker++)
        {
            Assert.Null(await client.FindAsync(broker, "orders"));
            Assert.Empty(cluster.Brokers[broker].Replicas);
        }
    }

    [Fact]
    public async Task A_dynamic_configuration_reaches_every_broker_and_one_for_a_single_broker_that_one()
    {
        await using var cluster = await StartAsync();
        var client = new ClusterClient(cluster);

        Assert.Equal(ErrorCode.None, await client.AlterAsync(0, ConfigResourceType.Broker, "", "log.retention.ms", "5000"));
        Assert.Equal(ErrorCode.None, await client.AlterAsync(2, ConfigResourceType.Broker, "2", "log.retention.ms", "6000"));
        Assert.Equal(ErrorCode.InvalidRequest, await client.AlterAsync(2, ConfigResourceType.Broker, "7", "log.retention.ms", "6000"));

        var values = await Task.WhenAll(Enumerable.Range(0, 3).Select(broker => client.DescribeAsync(broker, ConfigResourceType.Broker, $"{broker}", "log.retention.ms")));
        Assert.Equal("5000 5000 6000", string.Join(' ', values));
    }

    [Fact]
    public async Task An_acknowledged_record_is_on_all_in_sync_replicas_and_outlives_the_leader()
    {
        await using var cluster = await StartAsync();
        var client = new ClusterClient(cluster);
        Assert.Equal(ErrorCode.None, await client.CreateAsync(0, "orders"));
        await client.ProduceToLeaderAsync("orders", "first");
        await client.WholeAsync("orders");
        var first = await client.LeaderAsync("orders");

        await cluster.KillAsync(first);
        await client.ProduceToLeaderAsync("orders", "second");

        var second = await client.LeaderAsync("orders");
        Assert.NotEqual(first, second);
        Assert.Equal(["first", "second"], (await client.ReadAsync("orders")).Distinct());
        Assert.DoesNotContain(first, (await client.MetadataAsync(second)).Brokers.Select(broker => broker.NodeId));

        var endpoint = cluster.Brokers[first].Endpoint;
        await cluster.StartAsync(first);
        await client.WholeAsync("orders");
        Assert.Equal(endpoint, cluster.Brokers[first].Endpoint);
        await client.UntilAsync(
            () => Task.FromResult(cluster.Brokers.Select(broker => (broker.Replicas[0].HighWatermark, broker.Replicas[0].LogEndOffset)).Distinct().Count() == 1),
            "all replicas have and know the same");
    }

    [Fact]
    public async Task A_broker_that_stops_hands_its_leaderships_over_first()
    {
        await using var cluster = await StartAsync();
        var client = new ClusterClient(cluster);
        Assert.Equal(ErrorCode.None, await client.CreateAsync(0, "orders", partitions: 9));
        await client.WholeAsync("orders");

        await cluster.StopAsync(1);

        foreach (var broker in new[] { 0, 2 })
        {
            Assert.DoesNotContain(1, (await client.FindAsync(broker, "orders"))!.Partitions.Select(partition => partition.LeaderId));
        }

        Assert.Equal(BrokerState.Stopped, cluster.Brokers[1].State);
        await cluster.StartAsync(1);
        Assert.Equal(3, (await client.MetadataAsync(1)).Brokers.Length);
    }

    [Fact]
    public async Task The_next_broker_answers_for_the_cluster_where_the_controller_was_killed()
    {
        await using var cluster = await StartAsync();
        var client = new ClusterClient(cluster);
        await cluster.KillAsync(0);

        // Two of three: a topic has as many replicas as live.
        Assert.Equal(ErrorCode.None, await client.CreateAsync(2, "orders", replicationFactor: 2));

        Assert.Equal(1, (await client.MetadataAsync(2)).ControllerId);
        Assert.NotNull(await client.FindAsync(1, "orders"));
        await cluster.StartAsync(0);
        Assert.NotNull(await client.FindAsync(0, "orders"));
        Assert.Equal(ErrorCode.None, await client.CreateAsync(2, "payments"));
    }

    [Fact]
    public async Task A_paused_leader_is_replaced_and_acknowledges_nothing_when_it_goes_on()
    {
        await using var cluster = await StartAsync();
        var client = new ClusterClient(cluster);
        Assert.Equal(ErrorCode.None, await client.CreateAsync(0, "orders"));
        await client.ProduceToLeaderAsync("orders", "before");
        await client.WholeAsync("orders");
        var first = await client.LeaderAsync("orders");

        cluster.Pause(first);
        var unanswered = client.ProduceAsync(first, "orders", "lost", acks: 1);
        await client.ProduceToLeaderAsync("orders", "after");
        Assert.False(unanswered.IsCompleted);
        await cluster.ResumeAsync(first);

        await Assert.ThrowsAsync<IOException>(() => unanswered);
        await client.WholeAsync("orders");
        Assert.Equal(["before", "after"], (await client.ReadAsync("orders")).Distinct());
    }

    [Fact]
    public async Task A_short_pause_is_only_a_delay()
    {
        await using var cluster = await StartAsync(deathAfter: TimeSpan.FromMinutes(1));
        var client = new ClusterClient(cluster);
        Assert.Equal(ErrorCode.None, await client.CreateAsync(0, "orders"));
        var leader = await client.LeaderAsync("orders");

        cluster.Pause(leader);
        var delayed = client.ProduceAsync(leader, "orders", "late");
        await cluster.ResumeAsync(leader);

        Assert.Equal(ErrorCode.None, await delayed);
        Assert.Equal(leader, await client.LeaderAsync("orders"));
    }

    [Fact]
    public async Task A_leader_that_is_cut_off_commits_nothing_and_joins_again_when_the_cut_is_healed()
    {
        await using var cluster = await StartAsync();
        var client = new ClusterClient(cluster);
        Assert.Equal(ErrorCode.None, await client.CreateAsync(0, "orders"));
        await client.ProduceToLeaderAsync("orders", "before");
        await client.WholeAsync("orders");
        var first = await client.LeaderAsync("orders");

        cluster.CutOff(first);
        var uncommitted = client.ProduceAsync(first, "orders", "lost");
        await client.UntilAsync(() => Task.FromResult(cluster.Brokers.Any(broker => broker.Id.Value != first && broker.Replicas.Any(replica => replica.IsLeader))), "another leads");
        Assert.Equal(ErrorCode.None, await client.ProduceAsync(cluster.Brokers.First(broker => broker.Id.Value != first && broker.Replicas.Any(replica => replica.IsLeader)).Id.Value, "orders", "after"));
        await cluster.HealAsync();

        await AssertNotAcknowledgedAsync(uncommitted);
        await client.WholeAsync("orders");
        Assert.Equal(["before", "after"], await client.ReadAsync("orders"));
    }

    [Fact]
    public async Task Two_brokers_that_cannot_reach_each_other_stay_members_and_are_in_sync_again_after()
    {
        await using var cluster = await StartAsync(("replica.lag.time.max.ms", "1000"));
        var client = new ClusterClient(cluster);
        Assert.Equal(ErrorCode.None, await client.CreateAsync(0, "orders"));
        await client.WholeAsync("orders");
        var leader = await client.LeaderAsync("orders");

        cluster.CutOff(leader, (leader + 1) % 3);
        await client.ProduceToLeaderAsync("orders", "meanwhile");
        await client.WholeAsync("orders", replicas: 2);
        Assert.Equal(3, (await client.MetadataAsync(leader)).Brokers.Length);
        await cluster.HealAsync();

        await client.WholeAsync("orders");
    }

    [Fact]
    public async Task A_killed_cluster_starts_again_with_all_that_was_acknowledged()
    {
        string clusterId;
        await using (var cluster = await StartAsync())
        {
            clusterId = cluster.ClusterId;
            var client = new ClusterClient(cluster);
            Assert.Equal(ErrorCode.None, await client.CreateAsync(0, "orders"));
            await client.ProduceToLeaderAsync("orders", "kept");
            foreach (var broker in cluster.Brokers)
            {
                await cluster.KillAsync(broker.Id.Value);
            }
        }

        await using (var cluster = await StartAsync())
        {
            var client = new ClusterClient(cluster);
            Assert.Equal(clusterId, cluster.ClusterId);
            Assert.Equal(["kept"], (await client.ReadAsync("orders")).Distinct());
            await client.WholeAsync("orders");
        }
    }

    [Fact]
    public async Task The_data_of_a_single_broker_grows_into_a_cluster()
    {
        var single = await EmbeddedBroker.StartAsync(EmbeddedBrokerOptions.OnFreePort(_directory));
        await single.DisposeAsync();
        await using (var alone = await StartAsync(brokers: 1))
        {
            Assert.Equal(single.ClusterId, alone.ClusterId);
            var client = new ClusterClient(alone);
            Assert.Equal(ErrorCode.None, await client.CreateAsync(0, "orders"));
            await client.ProduceToLeaderAsync("orders", "old");
        }

        await using var grown = await StartAsync();
        var clients = new ClusterClient(grown);
        Assert.Equal("old", Assert.Single(await clients.ReadAsync("orders")));
        Assert.Equal(ErrorCode.None, await clients.CreateAsync(1, "payments"));
        Assert.Equal(single.ClusterId, grown.ClusterId);
        for (var broker = 0; broker < 3; broker++)
        {
            Assert.Equal(0, Assert.Single((await clients.FindAsync(broker, "orders"))!.Partitions[0].ReplicaNodes));
            Assert.Equal(3, (await clients.FindAsync(broker, "payments"))!.Partitions[0].ReplicaNodes.Length);
        }
    }

    [Fact]
    public async Task A_second_cluster_on_a_directory_is_refused()
    {
        await using var cluster = await StartAsync();

        var refused = await Assert.ThrowsAsync<BrokerStartException>(() => StartAsync());

        Assert.Contains(_directory, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_single_broker_does_not_start_over_the_data_of_several()
    {
        await using (await StartAsync())
        {
        }

        var refused = await Assert.ThrowsAsync<BrokerStartException>(() => EmbeddedBroker.StartAsync(EmbeddedBrokerOptions.OnFreePort(_directory)));

        Assert.Contains(_directory, refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_directory, "meta.properties")));
    }

    private static async Task AssertNotAcknowledgedAsync(Task<ErrorCode> produced)
    {
        try
        {
            Assert.NotEqual(ErrorCode.None, await produced);
        }
        catch (IOException)
        {
            // The connection broke before there was an answer.
        }
    }

    private Task<EmbeddedCluster> StartAsync(params (string Name, string Value)[] settings) => StartAsync(3, null, null, settings);

    private Task<EmbeddedCluster> StartAsync(int brokers = 3, string[]? racks = null, TimeSpan? deathAfter = null, params (string Name, string Value)[] settings) =>
        EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
        {
            Brokers = brokers,
            DataDirectory = _directory,
            Racks = racks ?? [],
            DeathAfter = deathAfter ?? TimeSpan.FromSeconds(1.5),
            Settings = [.. settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value))],
        });
}
