using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using static OrleansBroker.Core.Tests.Replication.States;

namespace OrleansBroker.Core.Tests.Replication;

public class ElectionTests
{
    [Fact]
    public void A_leader_that_lives_in_another_life_leads_no_more()
    {
        var state = State(leader: 1, replicas: [1, 2, 3], isr: [1, 2, 3]);

        Assert.True(Election.IsLed(state, Alive(1, 2)));
        Assert.False(Election.IsLed(state, Alive(2, 3)));
        Assert.False(Election.IsLed(state, View(Broker(1, epoch: 2), Broker(2))));
    }

    [Fact]
    public void In_sync_replicas_that_live_stand_in_assigned_order()
    {
        var state = State(leader: 1, replicas: [1, 3, 2], isr: [1, 2, 3]);

        Assert.Equal([3, 2], Candidates(state, Alive(2, 3)));
        Assert.Equal([2], Candidates(state, Alive(2)));
        Assert.Empty(Candidates(state, Alive(4)));
    }

    [Fact]
    public void A_broker_back_from_an_unclean_stop_does_not_count_as_in_sync()
    {
        var state = State(leader: 1, replicas: [1, 2, 3], isr: [1, 2]);

        Assert.Equal([2], Candidates(state, View(Broker(1, epoch: 2, dataEpoch: 2), Broker(2, epoch: 2))));
        Assert.Empty(Candidates(state, View(Broker(1, epoch: 2, dataEpoch: 2))));
    }

    [Fact]
    public void Eligible_replicas_stand_only_where_no_in_sync_replica_lives()
    {
        var state = State(leader: 1, replicas: [1, 2, 3], isr: [1], eligible: [3]);

        Assert.Equal([1], Candidates(state, Alive(1, 2, 3)));
        Assert.Equal([3], Candidates(state, Alive(2, 3)));
        Assert.Empty(Candidates(state, Alive(2)));
    }

    [Fact]
    public void A_broker_that_stops_is_chosen_last()
    {
        var state = State(leader: 1, replicas: [1, 2, 3], isr: [1, 2, 3]);

        Assert.Equal([3], Candidates(state, View(Broker(2, isDraining: true), Broker(3))));
        Assert.Equal([2], Candidates(state, View(Broker(2, isDraining: true))));
    }

    [Fact]
    public void The_dead_leave_the_ISR_with_the_election()
    {
        var state = State(leader: 1, replicas: [1, 2, 3], isr: [1, 2, 3], epoch: 4);

        var won = Election.Won(state, Broker(2, epoch: 9), new LeaderEpoch(7), Alive(2, 3), minInSyncReplicas: 2, isLossless: true);

        Assert.Equal((2, 7, 1), (won.Leader.Value, won.LeaderEpoch.Value, won.PartitionEpoch));
        Assert.Equal([Member(2, epoch: 9), Member(3)], won.Isr);
        Assert.Empty(won.Eligible);
    }

    [Fact]
    public void Below_the_minimum_those_who_left_stay_eligible_but_for_the_unclean()
    {
        var state = State(leader: 1, replicas: [1, 2, 3], isr: [1, 2, 3]);

        var won = Election.Won(state, Broker(2), new LeaderEpoch(1), View(Broker(2), Broker(3, epoch: 2, dataEpoch: 2)), minInSyncReplicas: 2, isLossless: true);

        Assert.Equal([2], Ids(won.Isr));
        Assert.Equal([1], Ids(won.Eligible));
    }

    [Fact]
    public void Who_is_elected_in_spite_of_a_loss_is_in_sync_alone()
    {
        var state = State(leader: 1, replicas: [1, 2, 3], isr: [1], eligible: [2]);

        var won = Election.Won(state, Broker(3), new LeaderEpoch(1), Alive(2, 3), minInSyncReplicas: 2, isLossless: false);

        Assert.Equal([3], Ids(won.Isr));
        Assert.Empty(won.Eligible);
    }

    [Fact]
    public void The_longest_log_is_that_of_the_last_epoch()
    {
        BrokerId[] candidates = [new(1), new(2), new(3)];
        var ends = new Dictionary<BrokerId, ReplicaEnd>
        {
            [new(1)] = new(new(9), new(3), 100),
            [new(2)] = new(new(4), new(4), 50),
            [new(3)] = new(new(4), new(4), 50),
        };

        Assert.Equal(new BrokerId(2), Election.Longest(candidates, ends));
        ends[new(3)] = new(new(4), new(4), 51);
        Assert.Equal(new BrokerId(3), Election.Longest(candidates, ends));
    }

    [Fact]
    public void Everybody_is_back_when_all_that_may_hold_what_is_committed_live()
    {
        var state = State(leader: 1, replicas: [1, 2, 3], isr: [1], eligible: [2]);

        Assert.False(Election.IsEverybodyBack(state, Alive(1, 3)));
        Assert.True(Election.IsEverybodyBack(state, Alive(1, 2)));
        Assert.Equal([1, 2], Election.LastResort(state, Alive(1, 2, 3), isUnclean: false).Select(id => id.Value));
        Assert.Equal([3], Election.LastResort(state, Alive(3), isUnclean: true).Select(id => id.Value));
    }

    private static int[] Candidates(PartitionState state, ClusterView view) => [.. Election.Candidates(state, view).Select(id => id.Value)];
}
