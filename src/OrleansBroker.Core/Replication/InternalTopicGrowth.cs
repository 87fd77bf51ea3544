using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Topics;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Gives the partitions of internal topics more replicas as the cluster grows: an internal topic is made when it is first needed,
/// and then there may be fewer brokers than it is to have replicas. Every leader looks after its own partitions.
/// </summary>
internal sealed class InternalTopicGrowth(ReplicaServices services, ReplicaSet replicas, ReassignmentExecution reassignments)
{
    public async ValueTask SweepAsync(CancellationToken cancellation)
    {
        CatalogBroker[] brokers = [.. services.Membership.Current.Brokers.Where(broker => !broker.IsDraining && !services.Metadata.Current.Decommissioned.Contains(broker.Id)).Select(broker => new CatalogBroker(broker.Id, broker.Rack))];
        var due = replicas.All
            .Where(replica => replica.Partition is { IsInternal: true, IsLeader: true } partition && IsDue(partition.Name.Topic, partition.State, brokers))
            .GroupBy(replica => replica.Key.TopicId, replica => replica.Key.Partition);
        foreach (var partitions in due.ToArray())
        {
            if (services.Metadata.Current.Find(partitions.Key) is { } topic)
            {
                await GrowAsync(topic, [.. partitions], brokers, cancellation);
            }
        }
    }

    private async ValueTask GrowAsync(TopicImage topic, int[] partitions, CatalogBroker[] brokers, CancellationToken cancellation)
    {
        var existing = Array.ConvertAll(topic.Partitions, partition => partition.Replicas);
        var grown = ReplicaPlacement.Grow(existing, partitions, Wanted(topic.Name, brokers), brokers, topic.Name);
        var wanted = partitions.Select((partition, i) => new WantedReplicas(new ReplicaKey(topic.Id, partition), grown[i]));

        // What is refused now is due again at the next sweep.
        await reassignments.AlterAsync(new AlterReassignments([.. wanted], AllowReplicationFactorChange: true), cancellation);
    }

    private bool IsDue(string topic, PartitionState state, CatalogBroker[] brokers) =>
        !state.IsReassigning && state.Replicas.Length < Wanted(topic, brokers) && Array.Exists(brokers, broker => broker.Id == services.Self.Id);

    private int Wanted(string topic, CatalogBroker[] brokers) =>
        Math.Min(InternalTopics.ReplicationFactorOf(topic, services.Config.Current) ?? 0, brokers.Length);
}
