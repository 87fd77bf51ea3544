using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Tests;
using static OrleansBroker.Embedded.Tests.Cluster.AdminClient;

namespace OrleansBroker.Embedded.Tests.Cluster;

/// <summary>Moves and elections in a cluster of four brokers, over their listeners, with records in the logs.</summary>
public sealed class ReassignmentTests : IAsyncLifetime
{
    private const sbyte Topics = 2;
    private const sbyte Brokers = 4;

    private readonly string _directory = Directory.CreateTempSubdirectory("reassignment").FullName;
    private EmbeddedCluster _cluster = null!;
    private AdminClient _admin = null!;
    private int _sent;

    public async Task InitializeAsync()
    {
        _cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { Brokers = 4, DataDirectory = _directory, Settings = [new("auto.leader.rebalance.enable", "false")] });
        _admin = new AdminClient(_cluster, "orders");
    }

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_partition_moves_with_its_records_to_brokers_that_never_held_it()
    {
        await _admin.CreateAsync(0, [[0, 1]]);
        Produce(0, records: 100);

        // Broker 2 neither leads the partition nor is the controller.
        Assert.Equal(ErrorCode.None, _admin.Reassign(2, 0, [3, 2]));
        await UntilAsync(() => _admin.Replica(0, 0) is null && _admin.Replica(1, 0) is null);

        await UntilAsync(() => _admin.Describe(1, 0) is { LeaderId: 3, ReplicaNodes: [3, 2] } partition && partition.IsrNodes.Order().SequenceEqual([2, 3]));
        Assert.Equal(string.Empty, _admin.Moves(1));
        Assert.Equal((true, 100), (_admin.Replica(3, 0)!.IsLeader, _admin.Replica(3, 0)!.LogEndOffset));
        Assert.Equal(100, _admin.Replica(2, 0)!.LogEndOffset);
        Assert.Empty(Directory.GetDirectories(Path.Combine(_directory, "broker0"), "orders-0"));
        Produce(0, records: 1);
    }

    [Fact]
    public async Task A_topic_of_one_replica_gets_more_while_it_is_written_to()
    {
        await _admin.CreateAsync(1, [[1]]);
        Produce(0, records: 10);

        Assert.Equal(ErrorCode.None, _admin.Reassign(0, 0, [1, 2, 3]));
        for (var i = 0; i < 20; i++)
        {
            Produce(0, records: 1);
        }

        await UntilAsync(() => _admin.Describe(0, 0).IsrNodes.Length == 3 && _admin.Moves(0).Length == 0);
        await UntilAsync(() => _admin.Replica(2, 0)!.HighWatermark == 30 && _admin.Replica(3, 0)!.HighWatermark == 30);
    }

    [Theory]
    [InlineData("leader", 0, "0:0")]
    [InlineData("follower", 2, "*")]
    public async Task A_throttled_move_goes_on_when_the_throttle_is_lifted(string side, int broker, string replicas)
    {
        await _admin.CreateAsync(0, [[0, 1]]);
        _admin.Alter(3, Topics, "orders", ($"{side}.replication.throttled.replicas", replicas));
        _admin.Alter(broker, Brokers, $"{broker}", ($"{side}.replication.throttled.rate", "0"));
        Produce(0, records: 10);

        // What is in sync goes on; what has to catch up does not.
        Assert.Equal(ErrorCode.None, _admin.Reassign(0, 0, [0, 2]));
        Assert.Equal("0: 0,2,1 +2 -1", _admin.Moves(0));
        await UntilAsync(() => _admin.Replica(2, 0) is not null);
        Produce(0, records: 10);
        Assert.Equal(0, _admin.Replica(2, 0)!.LogEndOffset);

        _admin.Alter(broker, Brokers, $"{broker}", ($"{side}.replication.throttled.rate", "100000"));
        await UntilAsync(() => _admin.Moves(0).Length == 0);
        Assert.Equal(20, _admin.Replica(2, 0)!.LogEndOffset);
    }

    [Fact]
    public async Task A_move_that_cannot_end_is_listed_by_all_and_can_be_cancelled()
    {
        await _admin.CreateAsync(0, [[0, 1]]);
        Produce(0, records: 10);
        _cluster.CutOff(0, 3);

        Assert.Equal(ErrorCode.None, _admin.Reassign(0, 0, [0, 3]));
        await UntilAsync(() => Enumerable.Range(0, 3).All(broker => _admin.Moves(broker) == "0: 0,3,1 +3 -1"));
        Assert.Equal(ErrorCode.None, _admin.Reassign(1, 0, null));
        Assert.Equal(ErrorCode.NoReassignmentInProgress, _admin.Reassign(0, 0, null));

        Assert.Equal([0, 1], _admin.Describe(0, 0).ReplicaNodes);
        await _cluster.HealAsync();
        await UntilAsync(() => _admin.Replica(3, 0) is null);
    }

    [Fact]
    public async Task The_preferred_replica_leads_again_when_it_is_elected()
    {
        await _admin.CreateAsync(0, [[1, 2, 3]]);
        Produce(0, records: 10);
        Assert.Equal(ErrorCode.ElectionNotNeeded, _admin.Elect(0, ElectLeadersRequest.Preferred, 0));
        await _cluster.StopAsync(1);
        await UntilAsync(() => _admin.Describe(0, 0).LeaderId == 2);
        Assert.Equal([1], _admin.Describe(0, 0).OfflineReplicas);
        Assert.Equal(ErrorCode.PreferredLeaderNotAvailable, _admin.Elect(0, ElectLeadersRequest.Preferred, 0));

        await _cluster.StartAsync(1);
        await UntilAsync(() => _admin.Describe(0, 0).IsrNodes.Contains(1));
        Assert.Equal(ErrorCode.None, _admin.Elect(3, ElectLeadersRequest.Preferred, 0));

        await UntilAsync(() => _admin.Describe(0, 0).LeaderId == 1);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, _admin.Elect(0, ElectLeadersRequest.Preferred, 7));
        Produce(0, records: 1);
    }

    [Fact]
    public async Task A_replica_that_was_out_of_sync_leads_only_by_an_unclean_election()
    {
        await _admin.CreateAsync(0, [[1, 2]]);
        _admin.Alter(0, Topics, "orders", ("min.insync.replicas", "1"));
        Produce(0, records: 5);
        await _cluster.KillAsync(2);
        await UntilAsync(() => _admin.Describe(0, 0).IsrNodes is [1]);
        Produce(0, records: 5);
        await _cluster.KillAsync(1);
        await _cluster.StartAsync(2);
        await UntilAsync(() => _admin.Describe(0, 0).OfflineReplicas is [1]);
        Assert.Equal(-1, _admin.Describe(0, 0).LeaderId);
        Assert.Equal(ErrorCode.PreferredLeaderNotAvailable, _admin.Elect(0, ElectLeadersRequest.Preferred, 0));

        Assert.Equal(ErrorCode.None, _admin.Elect(0, ElectLeadersRequest.Unclean, 0));

        await UntilAsync(() => _admin.Describe(0, 0).LeaderId == 2);
        Assert.Equal(5, _admin.Replica(2, 0)!.LogEndOffset);
    }

    private void Produce(int partition, int records) => _admin.Produce(partition, Batches.Of([.. Enumerable.Range(_sent, records).Select(_ => $"record-{_sent++}")]));
}
