using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Who may lead a partition without loss, in the order in which they should: members of the ISR that live, by assignment; where
/// none does, eligible leader replicas that live (KIP-966). Decisions only: the write of the document is what elects.
/// </summary>
public static class Election
{
    /// <summary>Whether the leader that the state names lives, in the life of its broker in which it was elected.</summary>
    public static bool IsLed(PartitionState state, ClusterView brokers)
    {
        if (brokers.Find(state.Leader) is not { } leader)
        {
            return false;
        }

        // Asked for every replica again and again: no closure.
        foreach (var member in state.Isr)
        {
            if (member.Broker == leader.Id)
            {
                return member.BrokerEpoch == leader.Epoch;
            }
        }

        return false;
    }

    /// <summary>Who may be elected without loss, the first choice first; a broker that is about to stop only where nobody else can.</summary>
    public static BrokerId[] Candidates(PartitionState state, ClusterView brokers)
    {
        var inSync = Living(state, state.Isr, brokers);
        return inSync.Length > 0 ? inSync : Living(state, state.Eligible, brokers);
    }

    /// <summary>
    /// Whether every replica that may hold all that is committed lives: with no candidate left, the one with the longest log of the
    /// last epoch among these loses as little as can be.
    /// </summary>
    public static bool IsEverybodyBack(PartitionState state, ClusterView brokers) =>
        state.Isr.Concat(state.Eligible).All(member => brokers.IsAlive(member.Broker));

    /// <summary>The replicas that may be asked for their logs: those of the ISR and the eligible ones, or any with an unclean election.</summary>
    public static BrokerId[] LastResort(PartitionState state, ClusterView brokers, bool isUnclean) =>
        isUnclean
            ? [.. state.Replicas.Where(brokers.IsAlive)]
            : [.. state.Replicas.Where(replica => state.Isr.Concat(state.Eligible).Any(member => member.Broker == replica))];

    /// <summary>The greatest log: of the last epoch, then the longest, then by assignment.</summary>
    /// <param name="candidates">In assigned order.</param>
    /// <param name="ends">What is known of their logs.</param>
    public static BrokerId Longest(IReadOnlyList<BrokerId> candidates, IReadOnlyDictionary<BrokerId, ReplicaEnd> ends)
    {
        var best = BrokerId.None;
        var bestEnd = new ReplicaEnd(LeaderEpoch.None, LeaderEpoch.None, -1);
        foreach (var candidate in candidates)
        {
            if (ends.TryGetValue(candidate, out var end) && (best == BrokerId.None || end.IsAhead(bestEnd)))
            {
                best = candidate;
                bestEnd = end;
            }
        }

        return best;
    }

    /// <summary>The state in which a replica leads: everybody who does not live leaves the ISR with it.</summary>
    /// <param name="leader">In the life in which it leads.</param>
    /// <param name="isLossless">Whether the new leader stood among <see cref="Candidates"/>; otherwise it is in sync alone.</param>
    public static PartitionState Won(
        PartitionState state, BrokerRegistration leader, LeaderEpoch epoch, ClusterView brokers, int minInSyncReplicas, bool isLossless)
    {
        IsrMember[] kept = isLossless ? [.. state.Isr.Where(member => member.Broker != leader.Id && IsUsable(member, brokers))] : [];
        var inSync = state.Replicas
            .Where(replica => replica == leader.Id || Array.Exists(kept, member => member.Broker == replica))
            .Select(replica => replica == leader.Id ? new IsrMember(leader.Id, leader.Epoch) : Array.Find(kept, member => member.Broker == replica))
            .ToArray();
        return state with
        {
            Leader = leader.Id,
            LeaderEpoch = epoch,
            Isr = inSync,
            Eligible = isLossless ? IsrChange.EligibleAfter(state, inSync, brokers, minInSyncReplicas) : [],
            PartitionEpoch = state.PartitionEpoch + 1,
        };
    }

    private static BrokerId[] Living(PartitionState state, IsrMember[] members, ClusterView brokers)
    {
        var living = state.Replicas.Where(replica => Array.Exists(members, member => member.Broker == replica && IsUsable(member, brokers))).ToArray();
        var staying = Array.FindAll(living, replica => !brokers.Find(replica)!.IsDraining);
        return staying.Length > 0 ? staying : living;
    }

    private static bool IsUsable(IsrMember member, ClusterView brokers) =>
        brokers.Find(member.Broker) is { } broker && broker.DataEpoch <= member.BrokerEpoch;
}
