using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Rebalancing;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Rebalancing;

/// <summary>Whether it says something that there is nothing to move: four brokers, of which 3 is new, and a partition on 0 and 1.</summary>
public sealed class RebalanceSurveyTests
{
    private static readonly PartitionImage Resting = new(new BrokerId(0), new LeaderEpoch(1), Ids(0, 1), Ids(0, 1));

    [Fact]
    public void It_does_where_all_partitions_rest() => Assert.True(Survey(Resting).IsAtRest);

    [Fact]
    public void It_does_not_while_a_broker_is_about_to_stop() => Assert.False(Survey(Resting, isDraining: true).IsAtRest);

    [Fact]
    public void It_does_not_while_an_administrator_moves_a_partition() =>
        Assert.False(Survey(Resting with { Replicas = Ids(2, 1, 0), Adding = Ids(2), Removing = Ids(0) }).IsAtRest);

    [Fact]
    public void It_does_not_while_a_partition_is_moved() =>
        Assert.False(Survey(Resting with { Replicas = Ids(2, 1, 0), Adding = Ids(2), Removing = Ids(0), IsAutomatic = true }).IsAtRest);

    [Fact]
    public void It_does_not_while_a_partition_has_no_leader() => Assert.False(Survey(Resting with { Leader = BrokerId.None }).IsAtRest);

    [Fact]
    public void It_does_not_while_a_move_was_refused() => Assert.False(Survey(Resting, isHeld: true).IsAtRest);

    private static RebalanceSurvey Survey(PartitionImage partition, bool isDraining = false, bool isHeld = false)
    {
        var brokers = new ClusterView(1, [.. Enumerable.Range(0, 4).Select(id =>
            new BrokerRegistration(new BrokerId(id), 10, 10, new Guid(id, 0, 0, new byte[8]), "broker.example", 9092, null) { IsDraining = isDraining && id == 2 })]);
        var image = new MetadataImage("cluster", new BrokerId(0), [.. brokers.Brokers.Select(broker => broker.ToImage())]).With([new TopicImage("orders", Guid.Empty, [partition])]);
        return new RebalanceSurvey(image, brokers, [.. Ids(0, 1, 2)], RebalanceModes.NewBrokers, _ => isHeld);
    }

    private static BrokerId[] Ids(params int[] ids) => Array.ConvertAll(ids, id => new BrokerId(id));
}
