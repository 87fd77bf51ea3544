using System.Text;
using OrleansBroker.Core.Topics;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Protocol;
using static OrleansBroker.Embedded.Tests.Cluster.AdminClient;

namespace OrleansBroker.Embedded.Tests.Cluster;

/// <summary>A group of three members in a cluster of three brokers, whose coordinator goes away.</summary>
public sealed class GroupFailoverTests : IAsyncLifetime
{
    private const string Topic = "orders";

    private readonly string _directory = Directory.CreateTempSubdirectory("groups").FullName;
    private EmbeddedCluster _cluster = null!;
    private ClusterMember[] _members = [];

    public async Task InitializeAsync() => _cluster = await StartAsync(brokers: 3);

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_killed_coordinator_costs_no_member_its_partitions()
    {
        await StableGroupAsync([0, 1, 2]);
        var killed = await CoordinatorAsync(0, 1, 2);

        await _cluster.KillAsync(killed);

        await AssertUndisturbedAsync([.. Enumerable.Range(0, 3).Where(broker => broker != killed)]);
        await _cluster.StartAsync(killed);
        await AssertUndisturbedAsync([0, 1, 2]);
    }

    [Fact]
    public async Task One_coordinator_after_the_other_stops_and_comes_back()
    {
        await StableGroupAsync([0, 1, 2]);
        for (var round = 0; round < 3; round++)
        {
            var stopped = await CoordinatorAsync(0, 1, 2);
            await _cluster.StopAsync(stopped);
            await AssertUndisturbedAsync([.. Enumerable.Range(0, 3).Where(broker => broker != stopped)]);
            await _cluster.StartAsync(stopped);
            await UntilAsync(() => OffsetsReplicas(stopped).All(replica => replica.InSync.Count == 3));
        }
    }

    [Fact]
    public async Task A_coordinator_that_is_cut_off_commits_nothing()
    {
        await StableGroupAsync([0, 1, 2]);
        var before = await CoordinatorAsync(0, 1, 2);
        int[] others = [.. Enumerable.Range(0, 3).Where(broker => broker != before)];

        _cluster.CutOff(before);
        var refused = _members[0].CommitAt(before, Topic, 666);
        await AssertUndisturbedAsync(others);

        Assert.True(refused is null or ErrorCode.CoordinatorNotAvailable or ErrorCode.NotCoordinator, $"{refused}");
        Assert.NotEqual(ErrorCode.None, _members[0].CommitAt(before, Topic, 667));
        await _cluster.HealAsync();
        await AssertUndisturbedAsync([0, 1, 2]);
    }

    [Fact]
    public async Task Groups_of_a_single_broker_survive_its_loss_once_there_are_more()
    {
        await _cluster.DisposeAsync();
        _cluster = await StartAsync(brokers: 1, "sole");
        await StableGroupAsync([0]);
        Assert.All(OffsetsReplicas(0), replica => Assert.Single(replica.InSync));
        await _cluster.DisposeAsync();

        _cluster = await StartAsync(brokers: 3, "sole");
        _members = [.. _members.Select(member => member.In(_cluster))];
        await UntilAsync(() => OffsetsReplicas(0).All(replica => replica.InSync.Count == 3));
        await UntilAsync(() => Enumerable.Range(0, 3).All(broker => OffsetsReplicas(broker).Any(replica => replica.IsLeader)));
        await _cluster.KillAsync(0);

        Assert.Equal(42, _members[0].Committed(Topic));
    }

    private Task<EmbeddedCluster> StartAsync(int brokers, string directory = "data") => EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
    {
        Brokers = brokers,
        DataDirectory = Path.Combine(_directory, directory),
        Settings = [new("group.initial.rebalance.delay.ms", "1000"), new("offsets.topic.num.partitions", "10"), new("leader.imbalance.check.interval.seconds", "1")],
    });

    private IEnumerable<ReplicaStatus> OffsetsReplicas(int broker) => _cluster.Brokers[broker].Replicas.Where(replica => replica.Partition.Topic == InternalTopics.ConsumerOffsets);

    private async Task StableGroupAsync(int[] assignment)
    {
        await new AdminClient(_cluster, Topic).CreateAsync(0, [assignment]);
        _members = [.. Enumerable.Range(0, 3).Select(_ => new ClusterMember(_cluster, "group"))];
        await Task.WhenAll(_members.Select(member => member.JoinUntilAsync(() => Array.TrueForAll(_members, each => each.Generation > 0 && each.Generation == _members[0].Generation))));
        Assert.Equal(_members.Select(member => member.MemberId), _members.Select(member => Encoding.UTF8.GetString(member.Assignment)));
        Assert.Equal(ErrorCode.None, _members[0].Commit(Topic, 42));
    }

    /// <summary>All brokers name the same one, which lives.</summary>
    private async Task<int> CoordinatorAsync(params int[] brokers)
    {
        int?[] named = [];
        await UntilAsync(() =>
        {
            named = [.. brokers.Select(_members[0].Find)];
            return named.All(each => each == named[0] && each is not null && brokers.Contains(each.Value));
        });
        return named[0]!.Value;
    }

    /// <summary>Nobody hears of a rebalance, and what was committed is there.</summary>
    private async Task AssertUndisturbedAsync(int[] alive)
    {
        await CoordinatorAsync(alive);
        Assert.Equal(42, _members[1].Committed(Topic));
        Assert.All(_members, member => Assert.Equal(ErrorCode.None, member.Heartbeat()));
        Assert.All(_members, member => Assert.Equal(ErrorCode.None, member.Commit(Topic, 42)));
    }
}
