using OrleansBroker.Core.Ports;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Takes back the partitions that this broker is the preferred leader of, once others lead more of them than
/// <c>leader.imbalance.per.broker.percentage</c> allows. Every broker looks after its own, so nobody has to decide for all.
/// </summary>
internal sealed class PreferredLeaders(ReplicaServices services, ReplicaSet replicas, LeaderElections elections)
{
    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(services.Config.Current.LeaderImbalanceCheckIntervalSeconds), services.Clock, stopping);
            if (services.Config.Current.AutoLeaderRebalanceEnable)
            {
                await RebalanceAsync(stopping);
            }
        }
    }

    private async ValueTask RebalanceAsync(CancellationToken stopping)
    {
        var brokers = services.Membership.Current;
        if (brokers.Find(services.Self.Id) is not { IsDraining: false })
        {
            return;
        }

        var preferred = replicas.All.Where(replica => replica.Partition.State.Replicas[0] == services.Self.Id).ToArray();
        var ledByOthers = Array.FindAll(preferred, replica => !replica.Partition.IsLeader);
        if (ledByOthers.Length * 100L <= preferred.Length * (long)services.Config.Current.LeaderImbalancePerBrokerPercentage)
        {
            return;
        }

        var takeable = Array.FindAll(ledByOthers, replica => IsTakeable(replica.Partition.State, brokers));
        await elections.TakeAsync(Array.ConvertAll(takeable, replica => replica.Key), ElectionKind.Handover, stopping);
    }

    /// <summary>A partition without a leader, or that is being moved, is somebody else's business.</summary>
    private bool IsTakeable(PartitionState state, ClusterView brokers) =>
        !state.IsReassigning && state.IsInSync(services.Self.Id) && Election.IsLed(state, brokers);
}
