using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Partitions;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Keeps the in-sync replicas of the partitions that this broker leads: drops those that lag or do not live, takes in those that
/// have caught up. Every change is a compare-and-swap of the partition's document; until its outcome is known a record is committed
/// only when the members of both ISRs have it.
/// </summary>
internal sealed class IsrUpkeep
{
    private const int AttemptsMax = 3;
    private const int VerifiedAtOnceMax = 32;

    private readonly ReplicaServices _services;
    private readonly ReplicaSet _replicas;
    private readonly PartitionDocumentStore _documents;
    private readonly ReplicaRoles _roles;
    private readonly ILogger _logger;
    private readonly ConcurrentQueue<Replica> _due = new();
    private readonly WakeUp _wakeUp;
    private readonly ReplicaRounds _updates;
    private readonly ReplicaRounds _verifications;
    private int _verified;

    public IsrUpkeep(ReplicaServices services, ReplicaSet replicas, PartitionDocumentStore documents, ReplicaRoles roles)
    {
        _services = services;
        _replicas = replicas;
        _documents = documents;
        _roles = roles;
        _logger = services.Loggers.CreateLogger<BrokerReplicas>();
        _wakeUp = new WakeUp(services.Clock);
        _updates = new ReplicaRounds("the in-sync replicas", services, OnUpdated);
        _verifications = new ReplicaRounds("the document", services);
    }

    /// <summary>Has the ISR of a partition looked at soon. Does not block: it is called from where fetches are served.</summary>
    public void Queue(Replica replica)
    {
        if (TryEnqueue(replica))
        {
            _wakeUp.Call();
        }
    }

    /// <summary>Has the ISRs looked at that may have to change: a broker died, or the configuration is another one.</summary>
    public void QueueChanged()
    {
        if (EnqueueChanged(_ => true))
        {
            _wakeUp.Call();
        }
    }

    /// <summary>Has writes settled whose outcome was not known.</summary>
    public void QueueUncertain()
    {
        foreach (var replica in _replicas.All)
        {
            if (replica.IsUncertain && replica.Partition.IsLeader && !_updates.IsUnderWay(replica))
            {
                Queue(replica);
            }
        }
    }

    /// <summary>
    /// Looks after the documents of some of the partitions that this broker leads, in turn: a store that has gone back is written to
    /// again.
    /// </summary>
    public void Verify(CancellationToken stopping)
    {
        var led = _replicas.All.Where(replica => replica.Partition.IsLeader && replica.Partition.State.Replicas.Length > 1).ToArray();
        var some = led.Length <= VerifiedAtOnceMax ? led : [.. Enumerable.Range(0, VerifiedAtOnceMax).Select(i => led[(_verified + i) % led.Length])];
        _verified = led.Length == 0 ? 0 : (_verified + some.Length) % led.Length;
        _verifications.Begin([.. some.Where(replica => !_verifications.IsUnderWay(replica))], replica => VerifyAsync(replica, stopping), stopping);
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            await _wakeUp.SleepAsync(TimeSpan.FromMilliseconds(Math.Max(_services.Config.Current.ReplicaLagTimeMaxMs / 2, 1)), stopping);

            // Without a call, and not what is under way: while the documents cannot be reached, each round would wake the next.
            EnqueueChanged(replica => !_updates.IsUnderWay(replica));
            _updates.Begin(TakeDue(), replica => UpdateAsync(replica, stopping), stopping);
        }
    }

    /// <summary>Completes when nothing is under way any more: to be called once it was told to stop.</summary>
    public Task EndAsync() => Waiting.AllAsync([_updates.EndAsync(), _verifications.EndAsync()]);

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
                if (replica.IsUncertain || replica.ETag is null)
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
                if (await _documents.WriteAsync(replica, next, cancellation))
                {
                    replica.IsUncertain = false;
                    _roles.Take(replica, next);
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

    /// <summary>What no round is at; the rest stays for when its round is done with it.</summary>
    private List<Replica> TakeDue()
    {
        var due = new List<Replica>();
        for (var left = _due.Count; left > 0 && _due.TryDequeue(out var replica); left--)
        {
            if (_updates.IsUnderWay(replica))
            {
                _due.Enqueue(replica);
                continue;
            }

            // From here on another call counts for the next round, whatever becomes of this one.
            replica.Unqueue();
            due.Add(replica);
        }

        return due;
    }

    private void OnUpdated(Replica replica)
    {
        if (replica.IsQueued)
        {
            _wakeUp.Call();
        }
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

    private bool EnqueueChanged(Predicate<Replica> filter)
    {
        var brokers = _services.Membership.Current;
        var isAny = false;
        foreach (var replica in _replicas.All)
        {
            if (replica.Partition.Leadership is { } leading && (replica.IsUncertain || leading.IsChangeDue(brokers, CaughtUpSince())) && filter(replica))
            {
                isAny |= TryEnqueue(replica);
            }
        }

        return isAny;
    }

    private async ValueTask<bool> VerifyAsync(Replica replica, CancellationToken stopping)
    {
        await replica.Document.EnterAsync(stopping);
        try
        {
            var stored = await _documents.ReadAsync(replica, stopping);
            if (stored is null || replica.Partition.State.IsNewerThan(stored.LeaderEpoch, stored.PartitionEpoch))
            {
                ReplicationLog.DocumentWentBack(_logger, replica.Partition.Name, _services.Self.Id);
                replica.IsUncertain = true;
                Queue(replica);
            }
            else
            {
                _roles.Take(replica, stored);
            }

            return true;
        }
        catch (IOException)
        {
            // The next time.
            return false;
        }
        finally
        {
            replica.Document.Release();
        }
    }

    /// <returns>False where it is to be tried again.</returns>
    private async ValueTask<bool> UpdateAsync(Replica replica, CancellationToken stopping)
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
            _services.Counters.NoteIsr(before.Isr.Length, partition.State.Isr.Length);
            ReplicationLog.IsrChanged(_logger, partition.Name, Print(before.Isr), Print(partition.State.Isr));
            if (before.IsReassigning && !partition.State.IsReassigning)
            {
                ReplicationLog.ReassignmentCompleted(_logger, partition.Name, string.Join(",", partition.State.Replicas));
            }
        }

        return !replica.IsUncertain || !partition.IsLeader;
    }

    private PartitionState? Change(Partition partition, PartitionState state)
    {
        var brokers = _services.Membership.Current;
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
        if (await _documents.ReadAsync(replica, cancellation) is { } stored)
        {
            _roles.Take(replica, stored);
        }
        else if (replica.Partition.State.Replicas.Length > 1)
        {
            throw new IOException("the partition's document is missing");
        }
    }

    private long CaughtUpSince() =>
        _services.Clock.GetTimestamp() - (long)(_services.Config.Current.ReplicaLagTimeMaxMs / 1000.0 * _services.Clock.TimestampFrequency);

    private static string Print(IsrMember[] isr) => string.Join(",", isr.Select(member => member.Broker));
}
