using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Fetching;

/// <summary>What one connection's fetches use again and again: their partitions, unless a session has them, and the long poll.</summary>
internal sealed class FetchConnection : IDisposable
{
    /// <summary>So many partitions are kept for the next fetch without a session.</summary>
    private const int KeptMax = 256;

    private readonly List<FetchedPartition> _own = [];
    private readonly List<FetchedPartition> _current = [];
    private FetchPoll? _poll;

    /// <summary>The session of the fetch that is being handled, or null.</summary>
    public FetchSession? Session { get; private set; }

    /// <summary>The partitions of the fetch that is being handled: of a follower's session those that it has to look at.</summary>
    public List<FetchedPartition> Partitions { get; private set; } = [];

    /// <summary>Bytes of records that were read.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether a partition has something to say that does not wait.</summary>
    public bool IsUrgent { get; private set; }

    /// <summary>Whether the fetch is about no partition at all.</summary>
    public bool IsEmpty => (Session?.Partitions ?? Partitions).Count == 0;

    private bool IsOfReplicaSession => Session is { IsOfReplica: true };

    public FetchPoll Poll(TimeProvider clock, CancellationToken closed) => _poll ??= new FetchPoll(clock, closed);

    public void Begin(FetchSession session, TimeProvider clock, long timestamp)
    {
        Session = session;
        Partitions = session.Look(clock, timestamp);
    }

    public void Begin(FetchRequest request, bool usesTopicIds)
    {
        _current.Clear();
        foreach (ref var topic in request.Topics.AsSpan())
        {
            foreach (ref var asked in topic.Partitions.AsSpan())
            {
                var partition = Own(_current.Count);
                partition.Be(usesTopicIds
                    ? new FetchKey(string.Empty, topic.TopicId, asked.Partition)
                    : new FetchKey(topic.Topic, Guid.Empty, asked.Partition));
                partition.Ask(asked);
                _current.Add(partition);
            }
        }

        Session = null;
        Partitions = _current;
    }

    public void End()
    {
        Session?.Exit();
        Session = null;
        if (_own.Count > KeptMax)
        {
            _own.RemoveRange(KeptMax, _own.Count - KeptMax);
            _current.Clear();
            _current.Capacity = KeptMax;
        }
    }

    /// <summary>Reads from every partition, beginning where the session's turn is, until the response is full.</summary>
    public void Read(in FetchScope scope, int bytesMax)
    {
        Bytes = 0;
        IsUrgent = false;
        var count = Partitions.Count;
        var start = Session is { IsOfReplica: false } session && count > 0 ? session.Start % count : 0;
        for (var i = 0; i < count; i++)
        {
            var at = start + i < count ? start + i : start + i - count;
            var partition = Partitions[at];
            if (partition.Find(scope) && IsOfReplicaSession)
            {
                // Before it is read: what is appended in between is then read once more, and not missed.
                Session!.Watch(partition, scope.Sender.WantsHighWatermark);
            }

            partition.Read(scope, (int)Math.Max(bytesMax - Bytes, 0), atLeastOneBatch: Bytes == 0);
            Bytes += partition.Records.Length;
            IsUrgent |= partition.IsUrgent || (scope.Sender.WantsHighWatermark && partition.HasNewHighWatermark) || (scope.Sender.IsReplica && partition.HasNewLogStart);
            TakeTurn(partition, at);
        }
    }

    /// <summary>Has the poll woken by what happens to the partitions, until <see cref="Unlisten"/>.</summary>
    public void Listen(FetchPoll poll, in FetchSender sender)
    {
        Session?.Wake(poll);
        if (IsOfReplicaSession)
        {
            return;
        }

        foreach (var partition in Partitions)
        {
            if (sender.IsReplica)
            {
                partition.Partition?.ListenToAppends(poll);
            }

            if (!sender.IsReplica || sender.WantsHighWatermark)
            {
                partition.Partition?.Listen(poll);
            }
        }
    }

    /// <summary>The poll was woken: looks at what may have news now.</summary>
    public void LookAgain()
    {
        if (IsOfReplicaSession)
        {
            Session!.DropWithoutNews();
            Session.LookAgain();
        }
    }

    public void Unlisten(FetchPoll poll, in FetchSender sender)
    {
        Session?.Wake(null);
        if (IsOfReplicaSession)
        {
            return;
        }

        foreach (var partition in Partitions)
        {
            partition.Partition?.Unlisten(poll);
            if (sender.IsReplica)
            {
                partition.Partition?.UnlistenToAppends(poll);
            }
        }
    }

    /// <summary>Also gives back the session of a fetch that was not brought to its end.</summary>
    public void Dispose()
    {
        Session?.Exit();
        _poll?.Dispose();
    }

    private void TakeTurn(FetchedPartition partition, int at)
    {
        if (IsOfReplicaSession)
        {
            if (partition.IsLeftOut || partition.IsUrgent)
            {
                Session!.Touch(partition, isAwaited: false);
            }
        }
        else if (partition.Records.Length > 0 && Session is not null)
        {
            Session.Start = at + 1;
        }
    }

    private FetchedPartition Own(int index)
    {
        if (index == _own.Count)
        {
            _own.Add(new FetchedPartition());
        }

        return _own[index];
    }
}
