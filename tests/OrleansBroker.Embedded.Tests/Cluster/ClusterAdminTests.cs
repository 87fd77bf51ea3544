using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Tests;
using static OrleansBroker.Embedded.Tests.Cluster.AdminClient;

namespace OrleansBroker.Embedded.Tests.Cluster;

/// <summary>What administrators do to topics, and are told of the cluster: brokers 0 and 1 stand in rack a, 2 and 3 in rack b.</summary>
public sealed class ClusterAdminTests : IAsyncLifetime
{
    private const sbyte Topics = 2;

    private readonly string _directory = Directory.CreateTempSubdirectory("cluster-admin").FullName;
    private EmbeddedCluster _cluster = null!;
    private AdminClient _admin = null!;

    public async Task InitializeAsync()
    {
        _cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { Brokers = 4, Racks = ["a", "a", "b", "b"], DataDirectory = _directory });
        _admin = new AdminClient(_cluster, "orders");
    }

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task New_partitions_are_spread_over_brokers_and_racks_and_so_are_those_that_are_added()
    {
        var created = _admin.Ask<CreateTopicsRequest, CreateTopicsResponse>(
            3, new CreateTopicsRequest { TimeoutMs = 30_000, Topics = [new() { Name = "orders", NumPartitions = 6, ReplicationFactor = 2 }] }, version: 7);
        Assert.Equal(ErrorCode.None, created.Topics[0].ErrorCode);
        var grown = _admin.Ask<CreatePartitionsRequest, CreatePartitionsResponse>(
            2, new CreatePartitionsRequest { TimeoutMs = 30_000, Topics = [new() { Name = "orders", Count = 8, Assignments = null }] }, version: 3);
        Assert.Equal((ErrorCode.None, (string?)null), (grown.Results[0].ErrorCode, grown.Results[0].ErrorMessage));

        for (var broker = 0; broker < 4; broker++)
        {
            var asked = broker;
            await UntilAsync(() => _admin.Describe(asked).Partitions.Count(partition => partition.LeaderId >= 0) == 8);
            var partitions = _admin.Describe(asked).Partitions;
            Assert.Equal(Enumerable.Range(0, 8), partitions.Select(partition => partition.PartitionIndex));
            Assert.All(partitions, partition => Assert.Single(partition.ReplicaNodes, id => id < 2));
            Assert.All(partitions.CountBy(partition => partition.ReplicaNodes[0]), led => Assert.Equal(2, led.Value));
        }
    }

    [Fact]
    public async Task A_lower_min_insync_replicas_lets_writes_go_on_and_a_replica_that_left_is_shown_as_eligible()
    {
        await _admin.CreateAsync(0, [[0, 1]]);
        await _cluster.KillAsync(1);
        await UntilAsync(() => _admin.Describe(2, 0).IsrNodes is [0]);

        Assert.Equal(ErrorCode.NotEnoughReplicas, Produce());
        await UntilAsync(() => Describe(2) is { IsrNodes: [0], EligibleLeaderReplicas: [1], OfflineReplicas: [1] });

        _admin.Alter(3, Topics, "orders", ("min.insync.replicas", "1"));
        await UntilAsync(() => Produce() == ErrorCode.None);
        await UntilAsync(() => Describe(2) is { EligibleLeaderReplicas: [] });
    }

    [Fact]
    public async Task All_brokers_tell_of_all_that_live_and_of_a_controller_among_them()
    {
        await UntilAsync(() => Enumerable.Range(0, 4).All(broker => DescribeCluster(broker).Brokers.Length == 4));
        Assert.Equal(["a", "a", "b", "b"], DescribeCluster(3).Brokers.Select(broker => broker.Rack));

        await _cluster.KillAsync(DescribeCluster(3).ControllerId);

        await UntilAsync(() => DescribeCluster(3) is { Brokers.Length: 3 } cluster && cluster.Brokers.Any(broker => broker.BrokerId == cluster.ControllerId));
        var created = _admin.Ask<CreateTopicsRequest, CreateTopicsResponse>(
            3, new CreateTopicsRequest { TimeoutMs = 30_000, Topics = [new() { Name = "orders", NumPartitions = 1, ReplicationFactor = 3 }] }, version: 7);
        Assert.Equal(ErrorCode.None, created.Topics[0].ErrorCode);
    }

    private ErrorCode Produce() => _admin
        .Ask<ProduceRequest, ProduceResponse>(0, Batches.Produce("orders", 0, Batches.Of("a record"), acks: -1), version: 9)
        .Responses[0].PartitionResponses[0].ErrorCode;

    private DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition Describe(int broker) => _admin
        .Ask<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse>(broker, new DescribeTopicPartitionsRequest { Topics = [new() { Name = "orders" }] }, version: 0)
        .Topics[0].Partitions[0];

    private DescribeClusterResponse DescribeCluster(int broker) => _admin.Ask<DescribeClusterRequest, DescribeClusterResponse>(broker, new DescribeClusterRequest(), version: 1);
}
