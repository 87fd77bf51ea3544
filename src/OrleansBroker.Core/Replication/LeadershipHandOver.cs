using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Peers;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Has others take over what this broker leads and can lead no longer, as it is about to stop or its log has failed. Each partition is
/// led here until its successor has stored that it leads, however many there are.
/// </summary>
internal sealed class LeadershipHandOver(ReplicaServices services, ReplicaSet replicas)
{
    /// <summary>How often a successor is asked for what it has not taken over, as a write failed or it did not answer.</summary>
    private const int AttemptsMax = 3;

    private readonly ILogger _logger = services.Loggers.CreateLogger<BrokerReplicas>();

    /// <summary>Hands every leadership over that another in-sync replica can take; what is left is led until the end.</summary>
    public async ValueTask DrainAsync(CancellationToken cancellation)
    {
        // This broker hears of what was taken over a little later than who took it.
        var taken = new HashSet<ReplicaKey>();
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var left = replicas.All.Where(replica => replica.Partition.IsLeader && !taken.Contains(replica.Key)).Select(replica => replica.Partition.State);
            var (asked, given) = await HandOverAsync(left, cancellation);
            taken.UnionWith(given);
            if (asked == given.Count)
            {
                return;
            }
        }
    }

    /// <returns>For how many partitions there was a successor to ask, and those that it has taken over.</returns>
    public async ValueTask<(int Asked, IReadOnlyCollection<ReplicaKey> Taken)> HandOverAsync(IEnumerable<PartitionState> led, CancellationToken cancellation)
    {
        var successors = led
            .Select(state => (Key: new ReplicaKey(state.TopicId, state.Partition), Broker: SuccessorOf(state)))
            .Where(each => each.Broker != BrokerId.None)
            .GroupBy(each => each.Broker, each => each.Key, (broker, keys) => (Broker: broker, Keys: keys.ToArray()))
            .ToArray();
        var taken = await Task.WhenAll(successors.Select(each => HandOverAsync(each.Broker, each.Keys, cancellation)));
        return (successors.Sum(each => each.Keys.Length), [.. taken.SelectMany(keys => keys)]);
    }

    private async Task<IEnumerable<ReplicaKey>> HandOverAsync(BrokerId successor, ReplicaKey[] keys, CancellationToken cancellation)
    {
        var (errors, failure) = await TakeLeadership.AskAsync(services.Peers, successor, keys, ElectionKind.Handover, cancellation);
        if (failure is not null)
        {
            ReplicationLog.JobFailed(_logger, $"handing {keys.Length} partitions over to broker {successor}", failure);
        }

        // Not needed: it leads already.
        return keys.Where((_, i) => errors[i] is ErrorCode.None or ErrorCode.ElectionNotNeeded);
    }

    private BrokerId SuccessorOf(PartitionState state)
    {
        var brokers = services.Membership.Current;
        return Array.Find([.. Election.Candidates(state, brokers), BrokerId.None], id => id != services.Self.Id && brokers.Find(id) is not { IsDraining: true });
    }
}
