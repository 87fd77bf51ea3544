using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Fetching;

/// <summary>
/// The partitions that a client fetches again and again, kept here so that its requests name only what changes and the answers
/// only what is new (KIP-227). The epoch counts the session's requests: a client and a broker that differ in it start anew.
/// </summary>
internal sealed class FetchSession(int id, bool usesTopicIds, long createdMs)
{
    /// <summary>The most partitions in a session: a client that asks for more fetches without one, and cannot fill the memory bit by bit.</summary>
    public const int PartitionsMax = 100_000;

    private readonly Dictionary<FetchKey, FetchedPartition> _byKey = [];
    private int _isInUse;

    public int Id { get; } = id;

    public bool UsesTopicIds { get; } = usesTopicIds;

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

    /// <summary>Takes the session for one request; false where another connection has a request of it in flight.</summary>
    public bool TryEnter() => Interlocked.Exchange(ref _isInUse, 1) == 0;

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
    }

    private void Forget(in FetchKey key)
    {
        if (_byKey.Remove(key, out var forgotten))
        {
            var last = Partitions[^1];
            Partitions[forgotten.Place] = last;
            last.Place = forgotten.Place;
            Partitions.RemoveAt(Partitions.Count - 1);
        }
    }
}
