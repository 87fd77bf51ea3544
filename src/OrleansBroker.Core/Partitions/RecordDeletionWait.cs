using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;

namespace OrleansBroker.Core.Partitions;

/// <summary>
/// Waits until deletions are done on all replicas that live: followers move their log start offsets as they fetch, and tell of it with
/// their next fetch. A broker that dies is waited for no longer.
/// </summary>
public sealed class RecordDeletionWait(IReadOnlyList<RecordDeletion> deletions, IMembership membership, TimeProvider clock) : IAppendListener
{
    private readonly WakeUp _moved = new(clock);

    /// <summary>Completes when it is known what has become of every deletion, or after a time.</summary>
    /// <exception cref="OperationCanceledException">Nobody waits any more.</exception>
    public async ValueTask RunAsync(TimeSpan atMost, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        if (IsOver())
        {
            return;
        }

        using var membershipChanges = membership.Subscribe(_ => _moved.Call());
        foreach (var deletion in deletions)
        {
            deletion.Partition.ListenToLogStarts(this);
        }

        try
        {
            while (!IsOver() && atMost - clock.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
            {
                await _moved.SleepAsync(left, cancellation);
            }
        }
        finally
        {
            foreach (var deletion in deletions)
            {
                deletion.Partition.UnlistenToLogStarts(this);
            }
        }
    }

    void IAppendListener.OnAppended(Partition partition) => _moved.Call();

    private bool IsOver()
    {
        var brokers = membership.Current;
        var isOver = true;
        foreach (var deletion in deletions)
        {
            isOver &= deletion.Look(brokers);
        }

        return isOver;
    }
}
