using System.Collections.Immutable;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Replication;

/// <summary>A partition on brokers 1, 2 and 3, led by 1, in a cluster of brokers 1 to 6, unless a test says otherwise.</summary>
public sealed class ReassignmentTests
{
    private static readonly PartitionState Before = State("1 2 3", "", "", leader: 1, isr: "1 2 3");

    [Theory]
    [InlineData("4 1", "4 1 2 3", "4", "2 3")]
    [InlineData("6 5 4", "6 5 4 1 2 3", "4 5 6", "1 2 3")]
    [InlineData("3 2", "3 2 1", "", "1")]
    [InlineData("3 2 1", "3 2 1", "", "")]
    [InlineData("1 2 3 4", "1 2 3 4", "4", "")]
    public void The_replicas_are_the_target_and_those_that_go(string target, string replicas, string adding, string removing)
    {
        var begun = Reassignment.Begin(Before, Ids(target));

        Assert.Equal((replicas, adding, removing), (Print(begun.Replicas), Print(begun.Adding), Print(begun.Removing)));
        Assert.Equal("1 2 3", Isr(begun));
        Assert.Equal(Before.PartitionEpoch + 1, begun.PartitionEpoch);
        Assert.Equal(target, Print(Reassignment.Target(begun)));
        Assert.Equal("1 2 3", string.Join(' ', Reassignment.Origin(begun).Select(id => id.Value).Order()));
    }

    [Fact]
    public void Nothing_changes_where_the_replicas_are_those_already() => Assert.Same(Before, Reassignment.Begin(Before, Ids("1 2 3")));

    [Fact]
    public void It_is_complete_when_all_that_are_wanted_are_in_sync()
    {
        var begun = Reassignment.Begin(Before, Ids("4 1"));
        Assert.Same(begun, Reassignment.Complete(begun));

        var complete = Reassignment.Complete(begun with { Isr = Members("1 2 4") });

        Assert.Equal(("4 1", "", ""), (Print(complete.Replicas), Print(complete.Adding), Print(complete.Removing)));
        Assert.Equal("1 4", Isr(complete));
        Assert.Equal((1, Before.LeaderEpoch), (complete.Leader.Value, complete.LeaderEpoch));
        Assert.Equal(begun.PartitionEpoch + 1, complete.PartitionEpoch);
        Assert.False(complete.IsReassigning);
    }

    [Fact]
    public void A_replica_that_stays_but_lags_holds_the_end_up()
    {
        var begun = Reassignment.Begin(Before, Ids("4 1 3"));

        Assert.False(Reassignment.IsDue(begun with { Isr = Members("1 2 4") }));
        Assert.True(Reassignment.IsDue(begun with { Isr = Members("1 3 4") }));
    }

    [Fact]
    public void A_leader_that_goes_does_not_complete_but_is_succeeded_by_the_first_wanted_replica_in_sync()
    {
        var caughtUp = Reassignment.Begin(Before, Ids("5 4")) with { Isr = Members("1 2 3 4 5") };

        Assert.True(Reassignment.IsDue(caughtUp));
        Assert.Same(caughtUp, Reassignment.Complete(caughtUp));
        Assert.Equal(5, Reassignment.Successor(caughtUp, Reassignment.Target(caughtUp), Brokers()).Value);

        var led = caughtUp with { Leader = new BrokerId(5), LeaderEpoch = new LeaderEpoch(8) };
        Assert.Equal("5 4", Print(Reassignment.Complete(led).Replicas));
    }

    [Fact]
    public void Nobody_succeeds_who_is_out_of_sync_dead_draining_or_back_without_its_data()
    {
        var state = Before with { Isr = [new(new BrokerId(1), 10), new(new BrokerId(2), 10)] };
        Assert.Equal(2, Reassignment.Successor(state, Ids("3 2"), Brokers()).Value);

        Assert.Equal(BrokerId.None, Reassignment.Successor(state, Ids("3"), Brokers()));
        Assert.Equal(BrokerId.None, Reassignment.Successor(state, Ids("2"), Brokers(broker => broker.Id.Value == 2 ? null : broker)));
        Assert.Equal(BrokerId.None, Reassignment.Successor(state, Ids("2"), Brokers(broker => broker with { IsDraining = true })));
        Assert.Equal(BrokerId.None, Reassignment.Successor(state, Ids("2"), Brokers(broker => broker with { DataEpoch = 11 })));
    }

    [Fact]
    public void A_cancelled_move_leaves_no_trace_but_the_partition_epoch()
    {
        var cancelled = Reassignment.Cancel(Reassignment.Begin(Before, Ids("4 5 1")) with { Isr = Members("1 2 3 4"), Eligible = Members("5") });

        Assert.Equal(("1 2 3", "", "", "1 2 3"), (Print(cancelled.Replicas), Print(cancelled.Adding), Print(cancelled.Removing), Isr(cancelled)));
        Assert.Empty(cancelled.Eligible);
    }

    [Fact]
    public void A_move_that_replaces_another_starts_from_where_that_one_did()
    {
        var first = Reassignment.Begin(Before, Ids("4 5 1")) with { Isr = Members("1 2 3 4") };

        var second = Reassignment.Begin(first, Ids("4 6"));

        Assert.Equal(("4 6 1 2 3", "4 6", "1 2 3"), (Print(second.Replicas), Print(second.Adding), Print(second.Removing)));
        Assert.Equal("1 2 3 4", Isr(second));
        Assert.Equal("1 2 3", Print(Reassignment.Cancel(second).Replicas));
    }

    [Fact]
    public void A_move_back_to_where_it_began_ends_it_and_drops_what_it_added()
    {
        var back = Reassignment.Begin(Reassignment.Begin(Before, Ids("4 1")) with { Isr = Members("1 2 3 4") }, Ids("1 2 3"));

        Assert.Equal(("1 2 3", false, "1 2 3"), (Print(back.Replicas), back.IsReassigning, Isr(back)));
    }

    [Theory]
    [InlineData("", true, ErrorCode.InvalidReplicaAssignment)]
    [InlineData("1 1", true, ErrorCode.InvalidReplicaAssignment)]
    [InlineData("1 2 9", true, ErrorCode.InvalidReplicaAssignment)]
    [InlineData("1 2", false, ErrorCode.InvalidReplicationFactor)]
    [InlineData("1 2 4 5", false, ErrorCode.InvalidReplicationFactor)]
    [InlineData("4 5 6", false, null)]
    [InlineData("4", true, null)]
    public void An_assignment_names_brokers_that_live_each_once(string target, bool allowReplicationFactorChange, ErrorCode? refused) =>
        Assert.Equal(refused, Reassignment.Check(Before, Ids(target), Brokers(), allowReplicationFactorChange)?.Code);

    [Theory]
    [InlineData("4 2 3", "1 2 3", "1 2 3", true)] // Back from a broker that died before it had copied anything.
    [InlineData("4 5 3", "1 2 3 4", "1 2 3", true)] // As many as there are to be stay in sync.
    [InlineData("4 5 3", "3 4", "1 2 3", false)] // Only 4 has what 1 and 2, which are dead, had.
    [InlineData("4 5 3", "3 4", "4 6 3", true)]
    public void A_move_that_nobody_asked_for_takes_no_replica_out_of_sync(string underWay, string isr, string target, bool mayBegin)
    {
        var state = Reassignment.Begin(Before, Ids(underWay), isAutomatic: true) with { Isr = Members(isr), Leader = new BrokerId(3) };

        Assert.Equal(mayBegin, Reassignment.CheckInSync(state, Reassignment.Begin(state, Ids(target), isAutomatic: true)) is null);
    }

    [Fact]
    public void The_replication_factor_is_that_of_the_move_under_way()
    {
        var begun = Reassignment.Begin(Before, Ids("4 1"));

        Assert.Null(Reassignment.Check(begun, Ids("5 6"), Brokers(), allowReplicationFactorChange: false));
        Assert.NotNull(Reassignment.Check(begun, Ids("4 5 6"), Brokers(), allowReplicationFactorChange: false));
    }

    [Fact]
    public void A_dead_replica_may_stay_but_a_dead_broker_may_not_come()
    {
        var brokers = Brokers(broker => broker.Id.Value is 3 or 4 ? null : broker);

        Assert.Null(Reassignment.Check(Before, Ids("3 5"), brokers, allowReplicationFactorChange: true));
        Assert.NotNull(Reassignment.Check(Before, Ids("1 4"), brokers, allowReplicationFactorChange: true));
    }

    private static PartitionState State(string replicas, string adding, string removing, int leader, string isr) => new()
    {
        TopicId = new Guid("5a0e9f43-0000-4000-8000-000000000001"),
        Partition = 0,
        Replicas = Ids(replicas),
        Adding = Ids(adding),
        Removing = Ids(removing),
        Leader = new BrokerId(leader),
        LeaderEpoch = new LeaderEpoch(7),
        Isr = Members(isr),
        PartitionEpoch = 20,
    };

    private static ClusterView Brokers(Func<BrokerRegistration, BrokerRegistration?>? change = null) => new(
        1,
        Enumerable.Range(1, 6)
            .Select(id => new BrokerRegistration(new BrokerId(id), 10, 10, new Guid(id, 0, 0, new byte[8]), "broker.example", 9092, null))
            .Select(broker => change is null ? broker : change(broker))
            .OfType<BrokerRegistration>()
            .ToImmutableArray());

    private static BrokerId[] Ids(string ids) => [.. ids.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => new BrokerId(int.Parse(id)))];

    private static IsrMember[] Members(string ids) => [.. Ids(ids).Select(id => new IsrMember(id, 10))];

    private static string Print(BrokerId[] ids) => string.Join(' ', ids);

    private static string Isr(PartitionState state) => Print([.. state.Isr.Select(member => member.Broker)]);
}
