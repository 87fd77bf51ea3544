using Microsoft.Extensions.Logging;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Tests;

namespace OrleansBroker.Embedded.Tests.Cluster;

/// <summary>A broker joins a cluster of three that is written to and read, and one leaves it for good.</summary>
public sealed class ScalingTests : IAsyncLifetime
{
    private const int Partitions = 8;
    private const sbyte Brokers = 4;

    private readonly LinesLogger _log = new(LogLevel.Information);
    private readonly string _directory = Directory.CreateTempSubdirectory("scaling").FullName;
    private EmbeddedCluster _cluster = null!;
    private AdminClient _admin = null!;

    public async Task InitializeAsync()
    {
        _cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
        {
            DataDirectory = _directory,
            Loggers = _log,
            Settings = [new("auto.rebalance.delay.ms", "200"), new("auto.rebalance.concurrent.moves", "3")],
        });
        _admin = new AdminClient(_cluster, "orders");
    }

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Nothing_that_was_acknowledged_is_lost_while_a_broker_joins_and_another_leaves()
    {
        // Two replicas of each: what is held by four brokers evenly, and by three.
        await CreateAsync();
        await using var load = new ScalingLoad(new ClusterClient(_cluster), "orders", Partitions);
        await load.UntilAcknowledgedAsync(50);

        await _cluster.AddBrokerAsync();
        await AdminClient.UntilAsync(() => IsEven(4));
        await load.UntilAcknowledgedAsync(50);
        Assert.Equal([4, 4, 4, 4], Held(4));
        Assert.Equal([2, 2, 2, 2], Preferred(4));

        await _cluster.DecommissionAsync(0);
        await _cluster.StopAsync(0);
        await load.UntilAcknowledgedAsync(50);
        Assert.Equal([0, 5, 5, 6], Held(4).Order());
        await load.CheckAsync();
    }

    [Fact]
    public async Task A_new_broker_copies_no_faster_than_it_is_told_and_moves_are_listed_meanwhile()
    {
        await CreateAsync();
        for (var partition = 0; partition < Partitions; partition++)
        {
            _admin.Produce(partition, Batches.Of([.. Enumerable.Range(0, 10).Select(i => $"{partition}-{i}")]));
        }

        _admin.Alter(0, Brokers, "", ("auto.rebalance.throttled.rate", "0"));
        await _cluster.AddBrokerAsync();
        await AdminClient.UntilAsync(() => Moves(0) == 3 && Moves(3) == 3 && _cluster.Brokers[3].Replicas.Count == 3);

        // What is written meanwhile is committed by those that were there.
        for (var partition = 0; partition < Partitions; partition++)
        {
            _admin.Produce(partition, Batches.Of("meanwhile"));
        }

        Assert.All(_cluster.Brokers[3].Replicas, replica => Assert.Equal(0, replica.LogEndOffset));
        Assert.Equal(3, Moves(1));
        _admin.Alter(0, Brokers, "", ("auto.rebalance.throttled.rate", "1000000"));
        await AdminClient.UntilAsync(() => IsEven(4));
    }

    [Fact]
    public async Task What_an_administrator_has_moved_stays_there_also_when_another_broker_joins()
    {
        await CreateAsync();
        await _cluster.AddBrokerAsync();
        await AdminClient.UntilAsync(() => IsEven(4));
        await NotedAsync(3);
        var (first, second) = (_admin.Describe(0, 0).ReplicaNodes, _admin.Describe(0, 1).ReplicaNodes);
        int[] wanted = [first[0], Enumerable.Range(0, 4).First(id => !first.Contains(id))];
        Assert.Equal(ErrorCode.None, _admin.Reassign(1, 0, wanted));
        Assert.Equal(ErrorCode.None, _admin.Reassign(1, 1, [first[0], .. second.Where(id => id != first[0]).Take(1)]));
        await AdminClient.UntilAsync(() => Moves(0) == 0);

        // Another that joins is given what it lacks, and nobody else anything.
        var before = Enumerable.Range(0, Partitions).Select(partition => _admin.Describe(0, partition).ReplicaNodes).ToArray();
        await _cluster.AddBrokerAsync();
        await AdminClient.UntilAsync(() => Held(5)[4] >= 3 && Moves(0) == 0);
        for (var partition = 0; partition < Partitions; partition++)
        {
            Assert.All(_admin.Describe(0, partition).ReplicaNodes.Except(before[partition]), id => Assert.Equal(4, id));
        }
    }

    [Fact]
    public async Task A_broker_that_leaves_is_given_no_new_topic_and_may_stay_after_all()
    {
        await CreateAsync();
        await _cluster.AddBrokerAsync();
        await AdminClient.UntilAsync(() => IsEven(4));
        _admin.Alter(0, Brokers, "", ("auto.rebalance.throttled.rate", "0"));
        for (var partition = 0; partition < Partitions; partition++)
        {
            _admin.Produce(partition, Batches.Of("a record"));
        }

        _admin.Alter(3, Brokers, "3", ("broker.decommission", "true"));
        await AdminClient.UntilAsync(() => Moves(0) > 0);
        var client = new ClusterClient(_cluster);
        Assert.Equal(ErrorCode.None, await client.CreateAsync(0, "later", partitions: 12, replicationFactor: 2));
        Assert.Equal(ErrorCode.InvalidReplicationFactor, await client.CreateAsync(0, "too-many", partitions: 1, replicationFactor: 4));
        Assert.DoesNotContain(_cluster.Brokers[3].Replicas, replica => replica.Partition.Topic == "later");

        _admin.Alter(0, Brokers, "", ("auto.rebalance.throttled.rate", "1000000"));
        await _cluster.RecommissionAsync(3);
        await AdminClient.UntilAsync(() => _cluster.Brokers[3].Replicas.Any(replica => replica.Partition.Topic == "later") && Moves(0) == 0);
    }

    [Fact]
    public async Task A_broker_that_died_for_good_can_be_told_to_leave_and_is_new_when_it_comes_back()
    {
        await CreateAsync();
        await _cluster.AddBrokerAsync();
        await AdminClient.UntilAsync(() => IsEven(4));
        await _cluster.KillAsync(3);

        await _cluster.DecommissionAsync(3);

        // Once it is forgotten it may come back, with nothing of what it had.
        await AdminClient.UntilAsync(() => _cluster.Brokers[0].Host!.Services.Metadata.Current.Decommissioned.IsEmpty);
        await _cluster.StartAsync(3);
        await AdminClient.UntilAsync(() => IsEven(4));
    }

    private async Task CreateAsync()
    {
        var client = new ClusterClient(_cluster);
        Assert.Equal(ErrorCode.None, await client.CreateAsync(0, "orders", Partitions, replicationFactor: 2));
        await AdminClient.UntilAsync(() => _admin.Describe(0).Partitions.Length == Partitions && _admin.Describe(0).Partitions.All(partition => partition.LeaderId >= 0));
    }

    /// <summary>Waits until a broker is new no more, as the controller says: before that it may be given something yet.</summary>
    private Task NotedAsync(int broker) => AdminClient.UntilAsync(() => _log.Lines.Contains($"brokers {broker} have their share of replicas and leaders"));

    private int Moves(int broker) => _admin.Ask<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse>(broker, new ListPartitionReassignmentsRequest { Topics = null }, version: 0)
        .Topics.Sum(topic => topic.Partitions.Length);

    /// <summary>All partitions rest, whole, led by whom they should be, and nobody holds or leads two more than another.</summary>
    private bool IsEven(int brokers) =>
        Moves(0) == 0 && Held(brokers) is var held && held.Max() - held.Min() <= 1 && Preferred(brokers) is var preferred && preferred.Max() - preferred.Min() <= 1
        && _admin.Describe(0).Partitions.All(partition => partition.IsrNodes.Length == partition.ReplicaNodes.Length && partition.LeaderId == partition.ReplicaNodes[0]);

    private int[] Held(int brokers) => [.. Enumerable.Range(0, brokers).Select(id => _admin.Describe(1).Partitions.Count(partition => partition.ReplicaNodes.Contains(id)))];

    private int[] Preferred(int brokers) => [.. Enumerable.Range(0, brokers).Select(id => _admin.Describe(1).Partitions.Count(partition => partition.ReplicaNodes[0] == id))];
}
