using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Rebalancing;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using static OrleansBroker.Core.Tests.Replication.ReplicaCluster;
using static OrleansBroker.Core.Tests.Replication.States;

namespace OrleansBroker.Core.Tests.Replication;

/// <summary>Moves of one partition among brokers 1 to 4, from the request to the logs that are opened and deleted.</summary>
public sealed class ReassignmentExecutionTests : IAsyncLifetime
{
    private readonly ReplicaCluster _cluster = new(1, 2, 3, 4);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _cluster.DisposeAsync().AsTask();

    [Fact]
    public async Task A_new_replica_opens_its_log_and_one_that_goes_deletes_it()
    {
        await StartAsync(State(1, [1, 2], [1, 2]));

        Assert.Null((await _cluster[1].ReassignAsync(1, 3)).Refusal);
        await UntilAsync(() => _cluster[3].Partition is { IsLeader: false });
        Assert.Equal("1,3,2 adding 3 removing 2", Print(_cluster.Stored!));
        Assert.True(_cluster[2].HasLog);

        _cluster.CatchUp(leader: 1, follower: 3);
        await UntilAsync(() => !_cluster.Stored!.IsReassigning);

        Assert.Equal("1,3", Print(_cluster.Stored!));
        Assert.Equal([1, 3], Ids(_cluster.Stored!.Isr));
        await UntilAsync(() => !_cluster[2].HasLog);
        Assert.Null(_cluster[2].Partition);
        Assert.True(_cluster[3].HasLog);
    }

    [Fact]
    public async Task A_leader_that_goes_hands_over_and_its_successor_completes_the_move()
    {
        await StartAsync(State(1, [1, 2], [1, 2]));

        Assert.Null((await _cluster[1].ReassignAsync(3, 2)).Refusal);
        await UntilAsync(() => _cluster[3].Partition is not null);
        _cluster.CatchUp(leader: 1, follower: 3);
        await UntilAsync(() => _cluster[1].Partition is null);

        Assert.Equal("3,2", Print(_cluster.Stored!));
        Assert.Equal(3, _cluster.Stored!.Leader.Value);
        Assert.True(_cluster.Stored.LeaderEpoch.Value > 0);
        Assert.False(_cluster[1].HasLog);
        Assert.True(_cluster[3].Partition!.IsLeader);
    }

    [Fact]
    public async Task The_only_replica_of_a_partition_without_a_document_moves()
    {
        _cluster.Topic = _cluster.Topic with { Partitions = [new PartitionImage(new BrokerId(1), new LeaderEpoch(0), [new BrokerId(1)], [new BrokerId(1)])] };
        await _cluster.StartAsync(1, 2, 3, 4);
        Assert.True(_cluster[1].Partition!.IsLeader);
        Assert.Null(_cluster.Stored);

        Assert.Null((await _cluster[1].ReassignAsync(2)).Refusal);
        await UntilAsync(() => _cluster[2].Partition is not null);
        _cluster.CatchUp(leader: 1, follower: 2);
        await UntilAsync(() => !_cluster[1].HasLog);

        Assert.Equal("2", Print(_cluster.Stored!));
        Assert.True(_cluster[2].Partition!.IsLeader);
    }

    [Fact]
    public async Task After_a_restart_the_document_says_who_holds_the_partition_and_not_the_topic()
    {
        await The_only_replica_of_a_partition_without_a_document_moves();
        var epoch = _cluster.Stored!.LeaderEpoch;
        foreach (var id in (int[])[1, 2, 3, 4])
        {
            await _cluster.StopAsync(id);
        }

        await _cluster.StartAsync(1, 2, 3, 4);
        await UntilAsync(() => _cluster[2].Partition is { IsLeader: true });

        Assert.Null(_cluster[1].Partition);
        Assert.False(_cluster[1].HasLog);
        Assert.True(_cluster.Stored!.LeaderEpoch > epoch);
        Assert.Equal(2, _cluster[4].Metadata.Current.Find(_cluster.Topic.Id)!.Partitions[0].Replicas.Single().Value);
    }

    [Fact]
    public async Task A_partition_that_was_moved_while_its_broker_was_down_loses_its_log_when_that_starts()
    {
        await StartAsync(State(1, [1, 2], [1, 2]));
        await UntilAsync(() => _cluster[2].HasLog);
        await _cluster.StopAsync(2);

        Assert.Null((await _cluster[1].ReassignAsync(1)).Refusal);
        await UntilAsync(() => Print(_cluster.Stored!) == "1");
        await _cluster.StartAsync(2);

        Assert.Null(_cluster[2].Partition);
        Assert.False(_cluster[2].HasLog);
    }

    [Fact]
    public async Task A_log_that_knows_a_later_leader_than_the_document_is_kept()
    {
        await StartAsync(State(1, [1, 2], [1, 2]));
        Assert.Equal([ErrorCode.None], await _cluster[2].Replicas!.TakeLeadershipAsync([_cluster.Key], ElectionKind.Handover));
        await _cluster.StopAsync(2);
        await _cluster.StopAsync(1);

        // The store goes back to before broker 2 ever held the partition.
        _cluster.Documents.Put(State(1, [1], [1]));
        await _cluster.StartAsync(2);

        Assert.Null(_cluster[2].Partition);
        Assert.True(_cluster[2].HasLog);
    }

    [Fact]
    public async Task What_an_earlier_leader_still_tells_opens_no_replica_that_was_moved_away()
    {
        await A_leader_that_goes_hands_over_and_its_successor_completes_the_move();

        // Broker 1 stored this as the leader, before it handed over.
        var earlier = State(1, [1, 2], [1, 2]) with { PartitionEpoch = 1 };
        _cluster[1].Replicas!.Hear(new Announcement(new BrokerId(4), 1, 0, 1, [earlier]));

        Assert.Null(_cluster[1].Partition);
        Assert.Equal(3, _cluster[1].Metadata.Current.Find(_cluster.Topic.Id)!.Partitions[0].Leader.Value);
    }

    [Fact]
    public async Task A_move_that_nobody_asked_for_is_begun_once_and_gives_way_to_an_administrators()
    {
        await StartAsync(State(1, [1, 2], [1, 2]));

        Assert.Null(await MoveAsync([1, 2], [1, 3]));
        Assert.True(_cluster.Stored!.IsAutomatic);
        Assert.Equal(ErrorCode.InvalidReplicaAssignment, await MoveAsync([1, 2], [1, 4]));

        // What an administrator says counts, also where it is the same.
        Assert.Null((await _cluster[1].ReassignAsync(1, 3)).Refusal);
        Assert.Equal(("1,3,2 adding 3 removing 2", false), (Print(_cluster.Stored), _cluster.Stored.IsAutomatic));
        Assert.Equal(ErrorCode.ReassignmentInProgress, await MoveAsync([1, 3], [1, 4]));
        Assert.Equal("1,3,2 adding 3 removing 2", Print(_cluster.Stored));
    }

    [Fact]
    public async Task A_move_that_nobody_asked_for_can_be_taken_back_and_another_order_of_replicas_is_none()
    {
        await StartAsync(State(1, [1, 2], [1, 2]));

        Assert.Null(await MoveAsync([1, 2], [3, 4]));
        Assert.Null(await MoveAsync([3, 4], [1, 2]));
        Assert.Equal(("1,2", false), (Print(_cluster.Stored!), _cluster.Stored!.IsAutomatic));
        Assert.Null(await MoveAsync([1, 2], [2, 1]));
        Assert.Equal(("2,1", false), (Print(_cluster.Stored!), _cluster.Stored!.IsReassigning));
    }

    [Fact]
    public async Task Nothing_is_moved_to_a_broker_that_is_to_leave_and_what_was_moves_on()
    {
        await StartAsync(State(1, [1, 2], [1, 2]));
        Assert.Null((await _cluster[1].ReassignAsync(1, 3)).Refusal);
        _cluster[1].Metadata.Change(image => image with { Decommissioned = [new BrokerId(3)] });

        Assert.Equal(ErrorCode.InvalidReplicaAssignment, (await _cluster[1].ReassignAsync(2, 4, 3)).Refusal?.Code);
        Assert.Null(await MoveAsync([1, 3], [1, 4]));
        Assert.Equal("1,4,2 adding 4 removing 2", Print(_cluster.Stored!));
    }

    [Fact]
    public async Task A_cancelled_move_deletes_what_it_added()
    {
        await StartAsync(State(1, [1, 2], [1, 2]));
        Assert.Equal(ErrorCode.NoReassignmentInProgress, (await _cluster[1].CancelAsync()).Refusal?.Code);

        await _cluster[1].ReassignAsync(3, 4);
        await UntilAsync(() => _cluster[3].HasLog && _cluster[4].HasLog);
        Assert.Null((await _cluster[1].CancelAsync()).Refusal);

        Assert.Equal("1,2", Print(_cluster.Stored!));
        await UntilAsync(() => !_cluster[3].HasLog && !_cluster[4].HasLog);
    }

    [Fact]
    public async Task Only_the_leader_moves_a_partition_and_only_to_brokers_that_live()
    {
        await StartAsync(State(1, [1, 2], [1, 2]));

        Assert.Equal(ErrorCode.NotLeaderOrFollower, (await _cluster[2].ReassignAsync(2)).Refusal?.Code);
        Assert.Equal(ErrorCode.NotLeaderOrFollower, (await _cluster[3].ReassignAsync(2)).Refusal?.Code);
        Assert.Equal(ErrorCode.InvalidReplicaAssignment, (await _cluster[1].ReassignAsync(1, 9)).Refusal?.Code);
    }

    [Fact]
    public async Task A_cancellation_that_takes_the_leader_away_has_it_hand_over_first()
    {
        await StartAsync(Moving(isr: [3, 1]));

        Assert.Equal(ErrorCode.NotLeaderOrFollower, (await _cluster[3].CancelAsync()).Refusal?.Code);
        Assert.True(_cluster[1].Partition!.IsLeader);
        Assert.Null((await _cluster[1].CancelAsync()).Refusal);

        Assert.Equal("1,2", Print(_cluster.Stored!));
        await UntilAsync(() => !_cluster[3].HasLog);
    }

    [Fact]
    public async Task A_cancellation_that_would_leave_nobody_in_sync_is_refused()
    {
        await StartAsync(Moving(isr: [3]));
        Assert.Equal(ErrorCode.InvalidReplicaAssignment, (await _cluster[3].CancelAsync()).Refusal?.Code);
    }

    [Fact]
    public async Task A_broker_takes_back_what_it_is_preferred_for()
    {
        Assert.True(BrokerConfig.TryCreate([new("leader.imbalance.check.interval.seconds", "1")], out var config, out _));
        _cluster[1].Config.Replace(config);
        await StartAsync(State(2, [1, 2], [1, 2]));

        await UntilAsync(() => _cluster[1].Partition is { IsLeader: true });

        Assert.Equal((1, true), (_cluster.Stored!.Leader.Value, _cluster.Stored.IsInSync(new BrokerId(2))));
    }

    /// <summary>On the way from 1 and 2 to 3 and 4, led by 3 already.</summary>
    private static PartitionState Moving(int[] isr) =>
        State(3, [3, 4, 1, 2], isr) with { Adding = [new BrokerId(3), new BrokerId(4)], Removing = [new BrokerId(1), new BrokerId(2)] };

    /// <summary>What broker 1 refuses of a move that the cluster decided by itself.</summary>
    private async Task<ErrorCode?> MoveAsync(int[] from, int[] to)
    {
        var move = new RebalanceMove(_cluster.Key, Array.ConvertAll(from, id => new BrokerId(id)), Array.ConvertAll(to, id => new BrokerId(id)));
        return Assert.Single(await _cluster[1].Replicas!.MoveReplicasAsync(new MoveReplicas([move]))).Refusal?.Code;
    }

    private async Task StartAsync(PartitionState state)
    {
        _cluster.Documents.Put(state);
        await _cluster.StartAsync(1, 2, 3, 4);
        await UntilAsync(() => _cluster[state.Leader.Value].Partition is { IsLeader: true });
    }

    private static string Print(PartitionState state) =>
        string.Join(',', state.Replicas)
        + (state.Adding.Length > 0 ? $" adding {string.Join(',', state.Adding)}" : "")
        + (state.Removing.Length > 0 ? $" removing {string.Join(',', state.Removing)}" : "");
}
