using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>Those who wait for commits, as they came: a chain through themselves, so that nothing is allocated for waiting.</summary>
public struct CommitQueue
{
    private CommitWaiter? _first;
    private CommitWaiter? _last;

    public readonly bool IsEmpty => _first is null;

    internal void Add(CommitWaiter waiter)
    {
        (waiter.Previous, waiter.Next) = (_last, null);
        if (_last is null)
        {
            _first = waiter;
        }
        else
        {
            _last.Next = waiter;
        }

        _last = waiter;
    }

    /// <summary>Takes over those of another queue.</summary>
    public void Add(CommitQueue other)
    {
        if (other._first is null)
        {
            return;
        }

        if (_last is null)
        {
            this = other;
        }
        else
        {
            _last.Next = other._first;
            other._first.Previous = _last;
            _last = other._last;
        }
    }

    /// <summary>Takes out one that is in this queue.</summary>
    internal void Remove(CommitWaiter waiter)
    {
        if (waiter.Previous is { } previous)
        {
            previous.Next = waiter.Next;
        }
        else
        {
            _first = waiter.Next;
        }

        if (waiter.Next is { } next)
        {
            next.Previous = waiter.Previous;
        }
        else
        {
            _last = waiter.Previous;
        }

        (waiter.Previous, waiter.Next) = (null, null);
    }

    /// <summary>Takes out those that wait for an offset before <paramref name="offset"/>, and decides them.</summary>
    internal CommitQueue Decide(long offset, ErrorCode result)
    {
        var waiting = default(CommitQueue);
        var decided = default(CommitQueue);
        for (var next = _first; next is not null;)
        {
            var waiter = next;
            next = waiter.Next;
            if (waiter.LastOffset < offset)
            {
                (waiter.Result, waiter.WaitsIn) = (result, null);
                decided.Add(waiter);
            }
            else
            {
                waiting.Add(waiter);
            }
        }

        this = waiting;
        return decided;
    }

    /// <summary>Tells all that were decided. To be called without a lock.</summary>
    /// <param name="mayGoOnHere">See <see cref="CommitWaiter.OnDecided"/>.</param>
    public void Tell(bool mayGoOnHere)
    {
        var next = _first;
        this = default;
        while (next is not null)
        {
            // Once told, a waiter may wait for something else.
            var waiter = next;
            next = waiter.Next;
            waiter.OnDecided(waiter.Result, mayGoOnHere);
        }
    }
}
