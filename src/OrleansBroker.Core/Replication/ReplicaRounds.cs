using Microsoft.Extensions.Logging;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Rounds of one kind of work on replicas. Nobody waits for a round: what takes long in it, as a write that the document store does
/// not answer, holds up neither other replicas nor the rounds after it, which leave that replica out.
/// </summary>
/// <param name="ended">Told of each replica that the next round may have again.</param>
internal sealed class ReplicaRounds(string job, ReplicaServices services, Action<Replica>? ended = null)
{
    /// <summary>Of one round.</summary>
    private const int AtOnceMax = 64;

    /// <summary>How long a replica is left out after what was to be done for it could not be done.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(500);

    private readonly ILogger _logger = services.Loggers.CreateLogger<BrokerReplicas>();
    private readonly Lock _gate = new();
    private readonly HashSet<Replica> _underWay = [];
    private readonly HashSet<Task> _rounds = [];

    /// <summary>Whether a round is at the replica. One that is not is not either before the caller begins a round, where all rounds are begun by one loop.</summary>
    public bool IsUnderWay(Replica replica)
    {
        lock (_gate)
        {
            return _underWay.Contains(replica);
        }
    }

    /// <param name="replicas">None of which is under way.</param>
    /// <param name="work">Answers whether it was done: what was not is not asked for again at once.</param>
    public void Begin(IReadOnlyList<Replica> replicas, Func<Replica, ValueTask<bool>> work, CancellationToken stopping)
    {
        if (replicas.Count == 0)
        {
            return;
        }

        lock (_gate)
        {
            _underWay.UnionWith(replicas);
        }

        var round = RunAsync(replicas, work, stopping);
        lock (_gate)
        {
            _rounds.RemoveWhere(earlier => earlier.IsCompleted);
            _rounds.Add(round);
        }
    }

    /// <summary>Completes when all rounds have: to be called once they were told to stop.</summary>
    public Task EndAsync()
    {
        lock (_gate)
        {
            return Waiting.AllAsync([.. _rounds]);
        }
    }

    private async Task RunAsync(IReadOnlyList<Replica> replicas, Func<Replica, ValueTask<bool>> work, CancellationToken stopping)
    {
        var resting = new List<Task>();
        await Concurrently.ForEachAsync(replicas, AtOnceMax, async replica =>
        {
            if (await TryAsync(replica, work, stopping))
            {
                Leave(replica);
            }
            else
            {
                // Not in its place: others are to have that.
                lock (resting)
                {
                    resting.Add(RestAsync(replica, stopping));
                }
            }
        });
        await Waiting.AllAsync(resting);
    }

    private async ValueTask<bool> TryAsync(Replica replica, Func<Replica, ValueTask<bool>> work, CancellationToken stopping)
    {
        try
        {
            return await work(replica);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception e)
        {
            ReplicationLog.JobFailed(_logger, $"{job} of {replica.Partition.Name}", e);
            return false;
        }
    }

    private async Task RestAsync(Replica replica, CancellationToken stopping)
    {
        try
        {
            await Task.Delay(Rest, services.Clock, stopping);
        }
        catch (OperationCanceledException)
        {
        }

        Leave(replica);
    }

    private void Leave(Replica replica)
    {
        lock (_gate)
        {
            _underWay.Remove(replica);
        }

        ended?.Invoke(replica);
    }
}
