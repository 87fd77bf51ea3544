using OrleansBroker.Core.Peers;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Has leaders drop the replicas whose logs have failed on this broker. Where nothing is appended, nobody would notice: the replica
/// would count as in sync, and the next record would wait for it until it lags.
/// </summary>
internal sealed class FailedFollowers(ReplicaServices services, ReplicaSet replicas, ReplicaFetchers fetchers, IsrUpkeep isr)
{
    /// <summary>Stops fetching what cannot be appended, and says so to those who lead it, until it shows in their states.</summary>
    public async ValueTask SweepAsync(CancellationToken cancellation)
    {
        var failed = Array.FindAll(replicas.All, replica => !replica.Partition.IsLeader && replica.Partition.Log.IsFailed);
        foreach (var replica in failed)
        {
            // Also where it was in a fetch session already: each request of that tells that it has all it had.
            fetchers.Leave(replica.Partition);
        }

        var inSync = failed.Where(replica => replica.Partition.State is var state && state.IsInSync(services.Self.Id) && state.Leader != services.Self.Id && state.Leader != BrokerId.None);
        await Task.WhenAll(inSync.GroupBy(replica => replica.Partition.State.Leader, replica => replica.Key).Select(led => ReportAsync(led.Key, [.. led], cancellation)));
    }

    /// <summary>On the leader.</summary>
    public void Note(ReportFailedReplicas report)
    {
        foreach (var key in report.Partitions)
        {
            if (replicas.Find(key) is { } replica && replica.Partition.Leadership is { } leading && leading.NoteFailed(report.Follower, report.BrokerEpoch))
            {
                isr.Queue(replica);
            }
        }
    }

    private async Task ReportAsync(BrokerId leader, ReplicaKey[] keys, CancellationToken cancellation)
    {
        try
        {
            await services.Peers.AskAsync(leader, new ReportFailedReplicas(services.Self.Id, services.Self.Epoch, keys), cancellation);
        }
        catch (IOException)
        {
            // The next sweep.
        }
    }
}
