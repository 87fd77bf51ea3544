using OrleansBroker.Core.Replication;
using OrleansBroker.Simulator.Brokers;
using OrleansBroker.Simulator.Workloads;

namespace OrleansBroker.Simulator.Invariants;

/// <summary>After the faults stop everything goes on: every partition gets its leader and its whole ISR, producers are acknowledged, groups commit.</summary>
internal sealed class Progress(SimulatedCluster cluster, Load load, Scaling scaling, Ledger ledger)
{
    private readonly Shares _shares = new(cluster, scaling, ledger);
    private readonly int[] _acknowledged = [.. load.Producers.Select(producer => producer.Acknowledged)];
    private readonly int[] _committed = [.. load.Members.Select(member => member.Committed)];

    /// <summary>What still does not go on; null when all does.</summary>
    public string? Missing() => Broker() ?? Partition() ?? _shares.Missing() ?? Producer() ?? Group();

    private string? Broker() =>
        Array.Find(cluster.Brokers, broker => broker.Host is null && !broker.IsRetired) is { } broker ? $"broker {broker.Id} does not serve" : null;

    private string? Partition()
    {
        foreach (var state in cluster.States)
        {
            var name = $"partition {state.Partition} of topic {state.TopicId:N}";
            var leader = Array.Find(cluster.Brokers, broker => broker.Id == state.Leader.Value);
            if (leader?.Host?.Services.Partitions.Find(state.TopicId, state.Partition) is not { IsLeader: true } leading)
            {
                return IsInCatalog(state.TopicId, state.Partition) ? $"{name} has no leader that leads: its document has {Print(state)}{Replicas(state)}" : null;
            }

            if (state.Isr.Length != state.Replicas.Length || state.IsReassigning)
            {
                return $"{leading.Name} is not whole: its document has {Print(state)}{Replicas(state)}";
            }
        }

        return null;
    }

    /// <summary>What each broker makes of a partition, which its document need not say.</summary>
    private string Replicas(PartitionState stored) => string.Concat(cluster.Brokers.Select(broker =>
        broker.Host?.Services.Partitions.Find(stored.TopicId, stored.Partition) is not { } partition
            ? $"; broker {broker.Id} does not hold it"
            : $"; broker {broker.Id} {(partition.IsLeader ? "leads" : "follows")} by {Print(partition.State)}, log to {partition.Log.LogEndOffset}{(partition.Log.IsFailed ? " (failed)" : string.Empty)}"));

    private static string Print(PartitionState state) =>
        $"leader {state.Leader} epoch {state.LeaderEpoch}.{state.PartitionEpoch} ISR {Print(state.Isr)} eligible {Print(state.Eligible)} replicas {string.Join(",", state.Replicas)}";

    private static string Print(IsrMember[] members) => $"[{string.Join(",", members.Select(member => $"{member.Broker}@{member.BrokerEpoch}"))}]";

    /// <summary>A document may be left over from a creation that failed halfway.</summary>
    private bool IsInCatalog(Guid topic, int partition) =>
        cluster.Brokers.Any(broker => broker.Host?.Services.Metadata.Current.Find(topic) is { } known && partition < known.Partitions.Length);

    private string? Producer()
    {
        for (var i = 0; i < _acknowledged.Length; i++)
        {
            if (load.Producers[i].Acknowledged == _acknowledged[i])
            {
                return $"producer p{i} has had nothing acknowledged";
            }
        }

        return null;
    }

    private string? Group() =>
        load.Members.Count > 0 && load.Members.Select((member, i) => member.Committed > _committed[i]).All(went => !went) ? "no member of the group has committed" : null;
}
