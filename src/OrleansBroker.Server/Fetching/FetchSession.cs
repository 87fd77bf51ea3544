using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Fetching;

/// <summary>
/// The partitions that a client fetches again and again, kept here so that its requests name only what changes and the answers
/// only what is new (KIP-227). The epoch counts the session's requests: a client and a broker that differ in it start anew.
/// </summary>
/// <remarks>
/// A follower's session holds thousands of partitions and wants to know of each append at once. So it watches its partitions for as
/// long as it lives, and a request looks at those alone that something happened to; now and then at all of them.
/// </remarks>
internal sealed class FetchSession(int id, bool usesTopicIds, bool isOfReplica, long createdMs)
{
    /// <summary>The most partitions in a session: a client that asks for more fetches without one, and cannot fill the memory bit by bit.</summary>
    public const int PartitionsMax = 100_000;

    private static readonly TimeSpan WalkInterval = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<FetchKey, FetchedPartition> _byKey = [];
    private readonly Lock _gate = new();
    private readonly HashSet<PartitionWatch> _watches = [];
    private readonly List<FetchedPartition> _touched = [];
    private readonly List<FetchedPartition> _looked = [];
    private long? _walkedTimestamp;
    private volatile FetchPoll? _poll;
    private volatile bool _isInterrupted;
    private bool _isClosed;
    private int _isInUse;

    public int Id { get; } = id;

    public bool UsesTopicIds { get; } = usesTopicIds;

    /// <summary>A follower's, which is not to lose it to a consumer's.</summary>
    public bool IsOfReplica { get; } = isOfReplica;

    public long CreatedMs { get; } = createdMs;

    /// <summary>Guarded by the cache.</summary>
    public long UsedMs { get; set; } = createdMs;

    /// <summary>The epoch that the next request has.</summary>
    public int Epoch { get; private set; } = EpochAfter(FetchRequest.InitialEpoch);

    public List<FetchedPartition> Partitions { get; } = [];

    /// <summary>The number of partitions, for the cache, which may look while a request changes it.</summary>
    public int Size => Partitions.Count;

    /// <summary>Where the next fetch begins to read, so that every partition gets its turn.</summary>
    public int Start { get; set; }

    /// <summary>Another request named the session while one waits: what waits is answered.</summary>
    public bool IsInterrupted => _isInterrupted;

    /// <summary>Takes the session for one request; false where another connection has a request of it in flight.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Exchange(ref _isInUse, 1) != 0)
        {
            return false;
        }

        _isInterrupted = false;
        return true;
    }

    public void Exit() => Volatile.Write(ref _isInUse, 0);

    public void Advance() => Epoch = EpochAfter(Epoch);

    /// <summary>Adds or changes what the request names, and drops what it forgets.</summary>
    public void Update(FetchRequest request)
    {
        foreach (ref var topic in request.Topics.AsSpan())
        {
            foreach (ref var asked in topic.Partitions.AsSpan())
            {
                Set(KeyOf(topic.Topic, topic.TopicId, asked.Partition), asked);
            }
        }

        foreach (ref var topic in request.ForgottenTopicsData.AsSpan())
        {
            foreach (var partition in topic.Partitions)
            {
                Forget(KeyOf(topic.Topic, topic.TopicId, partition));
            }
        }
    }

    /// <summary>What a new request has to look at.</summary>
    public List<FetchedPartition> Look(TimeProvider clock, long timestamp)
    {
        if (!IsOfReplica)
        {
            return Partitions;
        }

        foreach (var partition in _looked)
        {
            partition.IsLookedAt = false;
        }

        _looked.Clear();
        if (_walkedTimestamp is not { } walked || clock.GetElapsedTime(walked, timestamp) >= WalkInterval)
        {
            _walkedTimestamp = timestamp;
            AddToLooked(Partitions);
        }

        LookAgain();
        return _looked;
    }

    /// <summary>A request that waits was woken: of what it looked at, that remains which has news, and what was touched since is added.</summary>
    public void LookAgain()
    {
        if (!IsOfReplica)
        {
            return;
        }

        lock (_gate)
        {
            foreach (var partition in _touched)
            {
                partition.IsTouched = false;
            }

            AddToLooked(_touched);
            _touched.Clear();
        }
    }

    /// <summary>Before <see cref="LookAgain"/>: nothing is to be said of these.</summary>
    public void DropWithoutNews() => _looked.RemoveAll(static partition =>
    {
        var isDropped = !partition.HasNews;
        partition.IsLookedAt = !isDropped;
        return isDropped;
    });

    /// <summary>Something happened to a partition: the next look is at it too.</summary>
    /// <param name="isAwaited">Whether a request that waits is to look now.</param>
    public void Touch(FetchedPartition partition, bool isAwaited)
    {
        lock (_gate)
        {
            if (!partition.IsTouched)
            {
                partition.IsTouched = true;
                _touched.Add(partition);
            }
        }

        if (isAwaited)
        {
            _poll?.Interrupt();
        }
    }

    /// <summary>Has appends to the partition, and all else that happens to it, touch it from now on.</summary>
    public void Watch(FetchedPartition fetched, bool wantsHighWatermark)
    {
        lock (_gate)
        {
            Unwatch(fetched);
            if (!_isClosed && fetched.Partition is { } partition)
            {
                fetched.Watch = new PartitionWatch(this, fetched, partition, wantsHighWatermark);
                _watches.Add(fetched.Watch);
            }
        }
    }

    /// <summary>From now on until the next call the poll is woken by what happens to the session; null for none.</summary>
    public void Wake(FetchPoll? poll) => _poll = poll;

    /// <summary>Has the request that waits answered with what there is.</summary>
    public void Interrupt()
    {
        _isInterrupted = true;
        _poll?.Interrupt();
    }

    /// <summary>The cache has dropped it: a request that is in flight is the last.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            foreach (var watch in _watches)
            {
                watch.End();
            }

            _watches.Clear();
        }
    }

    private static int EpochAfter(int epoch) => epoch == int.MaxValue ? 1 : epoch + 1;

    private FetchKey KeyOf(string topic, Guid topicId, int partition) =>
        UsesTopicIds ? new FetchKey(string.Empty, topicId, partition) : new FetchKey(topic, Guid.Empty, partition);

    private void Set(in FetchKey key, in FetchRequest.FetchPartition asked)
    {
        if (!_byKey.TryGetValue(key, out var partition))
        {
            partition = new FetchedPartition { Place = Partitions.Count };
            partition.Be(key);
            _byKey.Add(key, partition);
            Partitions.Add(partition);
        }

        partition.Ask(asked);
        if (IsOfReplica)
        {
            Touch(partition, isAwaited: false);
        }
    }

    private void Forget(in FetchKey key)
    {
        if (_byKey.Remove(key, out var forgotten))
        {
            var last = Partitions[^1];
            Partitions[forgotten.Place] = last;
            last.Place = forgotten.Place;
            Partitions.RemoveAt(Partitions.Count - 1);
            lock (_gate)
            {
                Unwatch(forgotten);
                _touched.Remove(forgotten);
            }
        }
    }

    private void Unwatch(FetchedPartition fetched)
    {
        if (fetched.Watch is { } watch)
        {
            watch.End();
            _watches.Remove(watch);
            fetched.Watch = null;
        }
    }

    private void AddToLooked(List<FetchedPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            if (!partition.IsLookedAt)
            {
                partition.IsLookedAt = true;
                _looked.Add(partition);
            }
        }
    }
}
