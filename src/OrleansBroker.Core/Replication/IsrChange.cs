using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>What becomes of a partition's state when replicas leave or enter its ISR.</summary>
public static class IsrChange
{
    /// <summary>The state with those members gone and those in, or null where it says the same already.</summary>
    public static PartitionState? Of(
        PartitionState state, IReadOnlyList<IsrMember> leaving, IReadOnlyList<IsrMember> entering, ClusterView brokers, int minInSyncReplicas)
    {
        // A member that left its broker's earlier life behind may enter as of this one at once.
        var inSync = state.Replicas
            .Select(replica => Find(entering, replica) ?? (Find(leaving, replica) is null ? Find(state.Isr, replica) : null))
            .OfType<IsrMember>()
            .ToArray();
        var eligible = EligibleAfter(state, inSync, brokers, minInSyncReplicas);
        return inSync.SequenceEqual(state.Isr) && (eligible.Length > 0) == (state.Eligible.Length > 0)
            ? null
            : state with { Isr = inSync, Eligible = eligible, PartitionEpoch = state.PartitionEpoch + 1 };
    }

    /// <summary>
    /// While the ISR is smaller than <c>min.insync.replicas</c> nothing is committed, so those who left it still hold all that is;
    /// except a broker that is back from an unclean stop.
    /// </summary>
    internal static IsrMember[] EligibleAfter(PartitionState state, IsrMember[] inSync, ClusterView brokers, int minInSyncReplicas)
    {
        if (inSync.Length >= Math.Min(minInSyncReplicas, state.ReplicationFactor))
        {
            return [];
        }

        return
        [
            .. state.Isr.Concat(state.Eligible)
                .DistinctBy(member => member.Broker)
                .Where(member => Array.IndexOf(state.Replicas, member.Broker) >= 0 && Find(inSync, member.Broker) is null)
                .Where(member => brokers.Find(member.Broker) is not { } broker || broker.DataEpoch <= member.BrokerEpoch),
        ];
    }

    private static IsrMember? Find(IReadOnlyList<IsrMember> members, BrokerId broker)
    {
        foreach (var member in members)
        {
            if (member.Broker == broker)
            {
                return member;
            }
        }

        return null;
    }
}
