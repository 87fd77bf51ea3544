using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Rebalancing;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Carries out the moves of partitions that this broker leads: begins and cancels them when asked, and hands over where the leader
/// itself is to go. What ends a move is <see cref="IsrUpkeep"/>, in the write that brings the last replica in sync.
/// </summary>
internal sealed class ReassignmentExecution(ReplicaServices services, ReplicaSet replicas, IsrUpkeep isr)
{
    private const int AtOnceMax = 64;

    private readonly ILogger _logger = services.Loggers.CreateLogger<BrokerReplicas>();

    /// <summary>Why a state is not to be changed, or the state that is wanted in its place.</summary>
    private delegate (Refusal? Refusal, PartitionState Next) Decision(PartitionState state, ClusterView brokers);

    public ValueTask<IReadOnlyList<AlteredReassignment>> AlterAsync(AlterReassignments request, CancellationToken cancellation) =>
        AlterAllAsync(request.Partitions, wanted => (wanted.Key, (state, brokers) => Alter(state, wanted.Replicas, brokers, request.AllowReplicationFactorChange)), cancellation);

    /// <summary>Begins moves that nobody has asked for.</summary>
    public ValueTask<IReadOnlyList<AlteredReassignment>> MoveAsync(MoveReplicas request, CancellationToken cancellation) =>
        AlterAllAsync(request.Moves, move => (move.Key, (state, brokers) => Move(state, move, brokers)), cancellation);

    /// <summary>Goes on with moves that wait for nothing but their leader.</summary>
    public async ValueTask SweepAsync(CancellationToken cancellation)
    {
        var leaving = new List<(ReplicaKey Key, BrokerId Successor)>();
        foreach (var replica in replicas.All)
        {
            var state = replica.Partition.State;
            if (!replica.Partition.IsLeader || !Reassignment.IsDue(state))
            {
                continue;
            }

            if (Array.IndexOf(state.Removing, services.Self.Id) < 0)
            {
                isr.Queue(replica);
            }
            else if (Reassignment.Successor(state, Reassignment.Target(state), services.Membership.Current) is var successor && successor != BrokerId.None)
            {
                leaving.Add((replica.Key, successor));
            }
        }

        await Task.WhenAll(leaving.GroupBy(each => each.Successor, each => each.Key).Select(group => HandOverAsync(group.Key, [.. group], cancellation)));
    }

    private async ValueTask<IReadOnlyList<AlteredReassignment>> AlterAllAsync<T>(IReadOnlyList<T> wanted, Func<T, (ReplicaKey Key, Decision Decide)> read, CancellationToken cancellation)
    {
        var altered = new AlteredReassignment[wanted.Count];
        await Concurrently.ForEachAsync([.. Enumerable.Range(0, altered.Length)], AtOnceMax, async i =>
        {
            var (key, decide) = read(wanted[i]);
            altered[i] = await AlterAsync(key, decide, cancellation);
        });
        return altered;
    }

    private async ValueTask<AlteredReassignment> AlterAsync(ReplicaKey key, Decision decide, CancellationToken cancellation)
    {
        if (replicas.Find(key) is not { } replica)
        {
            return NotLeader("This broker holds no replica of the partition");
        }

        Refusal? refusal = null;
        var successor = BrokerId.None;
        var before = replica.Partition.State;
        var isStored = await isr.AlterAsync(replica, state => Change(state, decide, out refusal, out successor), cancellation);
        if (successor != BrokerId.None)
        {
            await HandOverAsync(successor, [key], cancellation);
            return NotLeader($"Broker {successor} takes over, as this one is not among the replicas");
        }

        if (refusal is not null)
        {
            return new(refusal, null);
        }

        if (!isStored)
        {
            return NotLeader("This broker does not lead the partition, or could not store the change");
        }

        ReplicationLog.Reassigned(_logger, replica.Partition.Name, string.Join(",", before.Replicas), string.Join(",", Reassignment.Target(replica.Partition.State)));
        return new(null, replica.Partition.State);
    }

    private (Refusal? Refusal, PartitionState Next) Alter(PartitionState state, IReadOnlyList<BrokerId>? target, ClusterView brokers, bool allowReplicationFactorChange) =>
        target is null
            ? (state.IsReassigning ? null : new Refusal(ErrorCode.NoReassignmentInProgress, "No move of the partition is under way"), Reassignment.Cancel(state))
            : (CheckLeaving(state, target) ?? Reassignment.Check(state, target, brokers, allowReplicationFactorChange), Reassignment.Begin(state, target));

    private (Refusal? Refusal, PartitionState Next) Move(PartitionState state, RebalanceMove move, ClusterView brokers)
    {
        var next = Reassignment.Begin(state, move.To, isAutomatic: true);
        var refusal = Reassignment.CheckAutomatic(state, move.From, services.Metadata.Current.Decommissioned)
            ?? Reassignment.Check(state, move.To, brokers, allowReplicationFactorChange: false)
            ?? Reassignment.CheckInSync(state, next);
        return (refusal, next);
    }

    private Refusal? CheckLeaving(PartitionState state, IReadOnlyList<BrokerId> target) =>
        target.Except(Reassignment.Origin(state)).Where(services.Metadata.Current.Decommissioned.Contains).Select(broker => $"The assignment names broker {broker}, which is to leave the cluster").FirstOrDefault() is { } message
            ? new(ErrorCode.InvalidReplicaAssignment, message)
            : null;

    private PartitionState? Change(PartitionState state, Decision decide, out Refusal? refusal, out BrokerId successor)
    {
        var brokers = services.Membership.Current;
        successor = BrokerId.None;
        (refusal, var next) = decide(state, brokers);
        if (refusal is not null)
        {
            return null;
        }

        next = Reassignment.Complete(next);
        if (Array.IndexOf(next.Replicas, state.Leader) < 0)
        {
            successor = Reassignment.Successor(state, next.Replicas, brokers);
            refusal = new(ErrorCode.InvalidReplicaAssignment, "None of the replicas that would be left is in sync: one of them would have to lead in spite of a possible loss");
            return null;
        }

        return ReferenceEquals(next, state) ? null : next;
    }

    private async Task HandOverAsync(BrokerId successor, ReplicaKey[] keys, CancellationToken cancellation)
    {
        if ((await TakeLeadership.AskAsync(services.Peers, successor, keys, ElectionKind.Handover, cancellation)).Failure is { } failure)
        {
            // The next sweep finds out whether it has taken over.
            ReplicationLog.JobFailed(_logger, $"handing {keys.Length} partitions over to broker {successor}", failure);
        }
    }

    private static AlteredReassignment NotLeader(string message) => new(new Refusal(ErrorCode.NotLeaderOrFollower, message), null);
}
