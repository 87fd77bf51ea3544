using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Partitions;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Keeps the in-sync replicas of the partitions that this broker leads: drops those that lag or do not live, takes in those that
/// have caught up. Every change is a compare-and-swap of the partition's document; until its outcome is known a record is committed
/// only when the members of both ISRs have it.
/// </summary>
internal sealed class IsrUpkeep(ReplicaServices services, ReplicaSet replicas, PartitionDocumentStore documents, ReplicaRoles roles)
{
    private const int WritesAtOnceMax = 64;
    private const int AttemptsMax = 3;
    private const int VerifiedAtOnceMax = 32;

    private readonly ILogger _logger = services.Loggers.CreateLogger<BrokerReplicas>();
    private readonly ConcurrentQueue<Replica> _due = new();
    private readonly WakeUp _wakeUp = new(services.Clock);
    private int _verified;

    /// <summary>Has the ISR of a partition looked at soon. Does not block: it is called from where fetches are served.</summary>
    public void Queue(Replica replica)
    {
        if (TryEnqueue(replica))
        {
            _wakeUp.Call();
        }
    }

    /// <summary>Has the ISRs looked at that may have to change: a broker died, or time has passed.</summary>
    public void QueueChanged()
    {
        if (EnqueueChanged())
        {
            _wakeUp.Call();
        }
    }

    /// <summary>Has writes settled whose outcome was not known.</summary>
    public void QueueUncertain()
    {
        foreach (var replica in replicas.All)
        {
            if (replica.IsUncertain && replica.Partition.IsLeader)
            {
                Queue(replica);
            }
        }
    }

    /// <summary>
    /// Looks after the documents of some of the partitions that this broker leads, in turn: a store that has gone back is written to
    /// again.
    /// </summary>
    public async ValueTask VerifyAsync(CancellationToken stopping)
    {
        var led = replicas.All.Where(replica => replica.Partition.IsLeader && replica.Partition.State.Replicas.Length > 1).ToArray();
        var some = led.Length <= VerifiedAtOnceMax ? led : [.. Enumerable.Range(0, VerifiedAtOnceMax).Select(i => led[(_verified + i) % led.Length])];
        _verified = led.Length == 0 ? 0 : (_verified + some.Length) % led.Length;
        await Concurrently.ForEachAsync(some, WritesAtOnceMax, replica => VerifyAsync(replica, stopping));
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            await _wakeUp.SleepAsync(TimeSpan.FromMilliseconds(Math.Max(services.Config.Current.ReplicaLagTimeMaxMs / 2, 1)), stopping);

            // Without a call: while the documents cannot be reached, each round would wake the next.
            EnqueueChanged();
            var due = new List<Replica>();
            while (_due.TryDequeue(out var replica))
            {
                // From here on another call counts for the next round, whatever becomes of this one.
                replica.Unqueue();
                due.Add(replica);
            }

            await Concurrently.ForEachAsync(due, WritesAtOnceMax, replica => UpdateAsync(replica, stopping));
        }
    }

    /// <summary>
    /// Stores another state of a partition that this broker leads. <paramref name="change"/> may be called again where the document
    /// had changed, and answers null where there is nothing to do.
    /// </summary>
    /// <returns>False where this broker does not lead any more, or the outcome is not known yet.</returns>
    public async ValueTask<bool> AlterAsync(Replica replica, Func<PartitionState, PartitionState?> change, CancellationToken cancellation)
    {
        await replica.Document.EnterAsync(cancellation);
        try
        {
            for (var attempt = 1; attempt <= AttemptsMax; attempt++)
            {
                if (replica.IsUncertain || !documents.HasRead(replica.Key))
                {
                    await ReadAgainAsync(replica, cancellation);
                }

                if (replica.Partition.Leadership is not { } leading)
                {
                    return false;
                }

                var state = replica.Partition.State;
                var next = change(state) ?? (replica.IsUncertain ? state with { PartitionEpoch = state.PartitionEpoch + 1 } : null);
                if (next is null)
                {
                    return true;
                }

                if (!leading.TryPropose(next.Isr))
                {
                    continue;
                }

                replica.IsUncertain = true;
                if (await documents.WriteAsync(next, cancellation))
                {
                    replica.IsUncertain = false;
                    roles.Take(replica, next);
                    return true;
                }
            }
        }
        catch (IOException e)
        {
            ReplicationLog.WriteUncertain(_logger, replica.Partition.Name, e.Message);
        }
        finally
        {
            replica.Document.Release();
        }

        return false;
    }

    private bool TryEnqueue(Replica replica)
    {
        var isFirst = replica.TryQueue();
        if (isFirst)
        {
            _due.Enqueue(replica);
        }

        return isFirst;
    }

    private bool EnqueueChanged()
    {
        var brokers = services.Membership.Current;
        var isAny = false;
        foreach (var replica in replicas.All)
        {
            if (replica.Partition.Leadership is { } leading && (replica.IsUncertain || leading.IsChangeDue(brokers, CaughtUpSince())))
            {
                isAny |= TryEnqueue(replica);
            }
        }

        return isAny;
    }

    private async ValueTask VerifyAsync(Replica replica, CancellationToken stopping)
    {
        await replica.Document.EnterAsync(stopping);
        try
        {
            var stored = await documents.ReadAsync(replica.Key, stopping);
            if (stored is null || replica.Partition.State.IsNewerThan(stored.LeaderEpoch, stored.PartitionEpoch))
            {
                ReplicationLog.DocumentWentBack(_logger, replica.Partition.Name, services.Self.Id);
                replica.IsUncertain = true;
                Queue(replica);
            }
            else
            {
                roles.Take(replica, stored);
            }
        }
        catch (IOException)
        {
            // The next time.
        }
        finally
        {
            replica.Document.Release();
        }
    }

    private async ValueTask UpdateAsync(Replica replica, CancellationToken stopping)
    {
        var partition = replica.Partition;
        var before = partition.State;
        try
        {
            await AlterAsync(replica, state => Change(partition, state), stopping);
        }
        finally
        {
            partition.EndEntering();
        }

        if (partition.IsLeader && !ReferenceEquals(before, partition.State))
        {
            ReplicationLog.IsrChanged(_logger, partition.Name, Print(before.Isr), Print(partition.State.Isr));
            if (before.IsReassigning && !partition.State.IsReassigning)
            {
                ReplicationLog.ReassignmentCompleted(_logger, partition.Name, string.Join(",", partition.State.Replicas));
            }
        }
    }

    private PartitionState? Change(Partition partition, PartitionState state)
    {
        var brokers = services.Membership.Current;
        if (partition.Leadership is not { } leading)
        {
            return null;
        }

        var next = IsrChange.Of(state, leading.Lagging(brokers, CaughtUpSince()), leading.Candidates(brokers), brokers, partition.MinInSyncReplicas) ?? state;
        next = Reassignment.Complete(next);
        return ReferenceEquals(next, state) ? null : next;
    }

    /// <summary>After a conflict or a lost answer: what stands there now? It stays uncertain until a write of ours has moved the ETag on.</summary>
    private async ValueTask ReadAgainAsync(Replica replica, CancellationToken cancellation)
    {
        if (await documents.ReadAsync(replica.Key, cancellation) is { } stored)
        {
            roles.Take(replica, stored);
        }
        else if (replica.Partition.State.Replicas.Length > 1)
        {
            throw new IOException("the partition's document is missing");
        }
    }

    private long CaughtUpSince() =>
        services.Clock.GetTimestamp() - (long)(services.Config.Current.ReplicaLagTimeMaxMs / 1000.0 * services.Clock.TimestampFrequency);

    private static string Print(IsrMember[] isr) => string.Join(",", isr.Select(member => member.Broker));
}
