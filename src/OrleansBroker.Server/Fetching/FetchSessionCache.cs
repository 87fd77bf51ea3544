using OrleansBroker.Protocol;

namespace OrleansBroker.Server.Fetching;

/// <summary>
/// The fetch sessions of a broker: <c>max.incremental.fetch.session.cache.slots</c> of them. A new one takes the place of one that
/// was not used for two minutes, else of a smaller one that has had its slot for two minutes, though a consumer's never of a
/// follower's; else there is none, and the client fetches without.
/// </summary>
internal sealed class FetchSessionCache(int slots, Random random)
{
    public const long EvictionMs = 120_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, FetchSession> _sessions = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _sessions.Count;
            }
        }
    }

    /// <summary>A new session for so many partitions, which the caller has entered; null where there is no slot for it.</summary>
    public FetchSession? TryCreate(int size, bool usesTopicIds, long nowMs, bool isOfReplica = false)
    {
        lock (_lock)
        {
            if (size > FetchSession.PartitionsMax || (_sessions.Count >= slots && !TryEvict(size, isOfReplica, nowMs)))
            {
                return null;
            }

            var session = new FetchSession(NewId(), usesTopicIds, isOfReplica, nowMs);
            session.TryEnter();
            _sessions.Add(session.Id, session);
            return session;
        }
    }

    /// <summary>Enters the session for its next request, and counts that request.</summary>
    /// <param name="session">Where it is not entered, the one that is meant, if there is one.</param>
    public ErrorCode TryContinue(int id, int epoch, bool usesTopicIds, long nowMs, out FetchSession? session)
    {
        lock (_lock)
        {
            if (!_sessions.TryGetValue(id, out session))
            {
                return ErrorCode.FetchSessionIdNotFound;
            }

            if (!session.TryEnter())
            {
                return ErrorCode.InvalidFetchSessionEpoch;
            }

            var error = session.Epoch != epoch ? ErrorCode.InvalidFetchSessionEpoch
                : session.UsesTopicIds != usesTopicIds ? ErrorCode.FetchSessionTopicIdError
                : ErrorCode.None;
            if (error == ErrorCode.None)
            {
                session.UsedMs = nowMs;
                session.Advance();
            }
            else
            {
                session.Exit();
            }

            return error;
        }
    }

    public void Remove(int id)
    {
        lock (_lock)
        {
            Drop(id);
        }
    }

    private bool Drop(int id)
    {
        if (_sessions.Remove(id, out var session))
        {
            session.Close();
            return true;
        }

        return false;
    }

    private bool TryEvict(int size, bool isOfReplica, long nowMs)
    {
        FetchSession? unused = null;
        FetchSession? smallest = null;
        foreach (var session in _sessions.Values)
        {
            if (unused is null || session.UsedMs < unused.UsedMs)
            {
                unused = session;
            }

            if ((isOfReplica || !session.IsOfReplica) && nowMs - session.CreatedMs > EvictionMs && (smallest is null || session.Size < smallest.Size))
            {
                smallest = session;
            }
        }

        if (unused is not null && nowMs - unused.UsedMs > EvictionMs)
        {
            return Drop(unused.Id);
        }

        return smallest is not null && smallest.Size < size && Drop(smallest.Id);
    }

    /// <summary>Random, so that a client that was cut off does not happen upon another's session.</summary>
    private int NewId()
    {
        while (true)
        {
            var id = random.Next(1, int.MaxValue);
            if (!_sessions.ContainsKey(id))
            {
                return id;
            }
        }
    }
}
