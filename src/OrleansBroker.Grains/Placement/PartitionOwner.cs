using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Ports;
using OrleansBroker.Embedded;
using OrleansBroker.Protocol;

namespace OrleansBroker.Grains.Placement;

/// <summary>Where a partition is asked for: at its leader, and where that is gone at the replica that is to stand for election.</summary>
internal static class PartitionOwner
{
    public static BrokerId Find(BrokerHost broker, string topic, int partition)
    {
        var services = broker.Services;
        if (services.Partitions.Find(topic, partition) is { IsLeader: true })
        {
            return services.Id;
        }

        return services.Metadata.Current.Find(topic) is { } found && partition < found.Partitions.Length
            ? Find(found.Partitions[partition], services.Membership.Current)
            : BrokerId.None;
    }

    private static BrokerId Find(PartitionImage partition, ClusterView brokers)
    {
        if (brokers.IsAlive(partition.Leader))
        {
            return partition.Leader;
        }

        // As an election goes: in sync, then eligible, each in assigned order.
        return FirstLiving(partition.Isr) ?? FirstLiving(partition.Eligible) ?? FirstLiving(partition.Replicas) ?? BrokerId.None;

        BrokerId? FirstLiving(BrokerId[] members)
        {
            var living = partition.Replicas.Where(replica => Array.IndexOf(members, replica) >= 0).Select(brokers.Find).OfType<BrokerRegistration>().ToArray();
            return (Array.Find(living, candidate => !candidate.IsDraining) ?? living.FirstOrDefault())?.Id;
        }
    }
}
