using OrleansBroker.Simulator.Brokers;

namespace OrleansBroker.Simulator.Faults;

/// <summary>
/// Which power loss the design has to survive: by default a record that is acknowledged is in the page cache of every in-sync replica, so
/// one of them has to keep its own. Where everything is flushed before it is acknowledged, any.
/// </summary>
internal static class PowerLossRule
{
    public static bool MayHit(SimulatedCluster cluster, SimulatedBroker victim) =>
        victim.Life > 0 && (cluster.Options.IsFlushed || (!HasSoleReplica(cluster, victim) && cluster.States.All(state => state.Isr.Any(member => IsWhole(cluster, member, victim)))));

    /// <summary>A topic that was made before the broker knew of any other, and has not grown yet: it has no documents.</summary>
    private static bool HasSoleReplica(SimulatedCluster cluster, SimulatedBroker victim) => cluster.Brokers.Any(broker =>
        broker.Host?.Services.Metadata.Current.Topics.Any(topic => topic.Partitions.Any(partition => partition.Replicas is [var only] && only.Value == victim.Id)) == true);

    private static bool IsWhole(SimulatedCluster cluster, Core.Replication.IsrMember member, SimulatedBroker victim)
    {
        var broker = cluster.Brokers[member.Broker.Value];
        return broker != victim && !broker.IsInDoubt && broker.IntactSince <= member.BrokerEpoch;
    }
}
