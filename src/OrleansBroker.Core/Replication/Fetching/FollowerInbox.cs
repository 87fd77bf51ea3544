using System.Diagnostics.CodeAnalysis;

namespace OrleansBroker.Core.Replication.Fetching;

/// <summary>What others want of a fetcher, until it comes to that: partitions that join, and such as were left.</summary>
internal sealed class FollowerInbox(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Queue<FollowedPartition> _waiting = new();
    private readonly WakeUp _joined = new(clock);
    private volatile int _joining;

    /// <summary>Whether a partition waits that is to be fetched.</summary>
    public bool HasJoining => _joining > 0;

    public void Join(FollowedPartition followed)
    {
        lock (_gate)
        {
            _waiting.Enqueue(followed);
            _joining++;
        }

        _joined.Call();
    }

    /// <summary>Nobody has to hurry: nothing of a partition that was left is applied.</summary>
    public void Leave(FollowedPartition followed)
    {
        lock (_gate)
        {
            _waiting.Enqueue(followed);
        }
    }

    public bool TryTake([NotNullWhen(true)] out FollowedPartition? followed)
    {
        if (_waiting.Count == 0)
        {
            followed = null;
            return false;
        }

        lock (_gate)
        {
            var taken = _waiting.TryDequeue(out followed);
            _joining = _waiting.Count == 0 ? 0 : _joining;
            return taken;
        }
    }

    /// <summary>Waits until a partition joins, or for a time.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellation) => _joined.SleepAsync(atMost, cancellation);
}
