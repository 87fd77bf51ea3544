using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Replication.Fetching;

/// <summary>
/// The follower's side of a fetch session (KIP-227): the first request names all partitions, each further one only those of which
/// something else is asked than before. What nothing happens to costs nothing.
/// </summary>
internal sealed class FollowerSession
{
    private readonly Dictionary<ReplicaKey, FollowedPartition> _partitions = [];
    private readonly List<FollowedPartition> _named = [];
    private readonly List<ReplicaKey> _forgotten = [];
    private int _epoch = FetchRequest.InitialEpoch;

    /// <summary>0 where there is none. A session that was lost is named once more, for the leader to end it.</summary>
    public int Id { get; private set; }

    public bool IsEmpty => _partitions.Count == 0;

    /// <summary>Whether the next request is the first of a session.</summary>
    public bool IsNew => _epoch == FetchRequest.InitialEpoch;

    /// <summary>The leader has had no room for a session: every request names all partitions.</summary>
    public bool IsRefused { get; private set; }

    public FollowedPartition? Find(ReplicaKey key) => _partitions.GetValueOrDefault(key);

    /// <summary>Adds a partition, in place of what was followed under an earlier epoch.</summary>
    public void Add(FollowedPartition partition)
    {
        _partitions[partition.Key] = partition;
        _forgotten.Remove(partition.Key);
        Name(partition);
    }

    public void Remove(FollowedPartition partition)
    {
        if (_partitions.TryGetValue(partition.Key, out var held) && held == partition)
        {
            _partitions.Remove(partition.Key);
            _forgotten.Add(partition.Key);
        }
    }

    /// <summary>Something else is asked of it than before.</summary>
    public void Name(FollowedPartition partition)
    {
        if (!partition.IsNamed)
        {
            partition.IsNamed = true;
            _named.Add(partition);
        }
    }

    /// <summary>Fills in the session's part of the next request.</summary>
    public void Describe(FetchRequest request, int partitionBytesMax)
    {
        request.SessionId = Id;
        request.SessionEpoch = _epoch;
        request.Topics = IsNew ? Topics([.. _partitions.Values], partitionBytesMax) : Topics(Named(), partitionBytesMax);
        request.ForgottenTopicsData = IsNew || _forgotten.Count == 0 ? [] : Forgotten();
        foreach (var partition in _named)
        {
            partition.IsNamed = false;
        }

        _named.Clear();
        _forgotten.Clear();
    }

    /// <summary>False where the leader does not know the session any more: the next request begins another one.</summary>
    public bool Accept(FetchResponse response)
    {
        if (response.ErrorCode != ErrorCode.None)
        {
            Reset();
            Id = 0;
            return false;
        }

        IsRefused = IsNew && response.SessionId == 0;
        Id = response.SessionId;
        _epoch = Id == 0 ? FetchRequest.InitialEpoch : _epoch == int.MaxValue ? 1 : _epoch + 1;
        return true;
    }

    /// <summary>The session is lost; its partitions stay.</summary>
    public void Reset() => _epoch = FetchRequest.InitialEpoch;

    // Those that were removed again since they were to be named, or whose place another has taken, are left out.
    private List<FollowedPartition> Named() => _named.FindAll(partition => _partitions.GetValueOrDefault(partition.Key) == partition);

    /// <summary>Partitions of a topic that follow one another share an entry.</summary>
    private static FetchRequest.FetchTopic[] Topics(List<FollowedPartition> partitions, int bytesMax)
    {
        if (partitions.Count == 0)
        {
            return [];
        }

        var topics = new List<FetchRequest.FetchTopic>();
        for (var first = 0; first < partitions.Count;)
        {
            var topicId = partitions[first].Key.TopicId;
            var next = first;
            while (next < partitions.Count && partitions[next].Key.TopicId == topicId)
            {
                next++;
            }

            var asked = new FetchRequest.FetchPartition[next - first];
            for (var i = 0; i < asked.Length; i++)
            {
                asked[i] = partitions[first + i].Ask(bytesMax);
            }

            topics.Add(new FetchRequest.FetchTopic { TopicId = topicId, Partitions = asked });
            first = next;
        }

        return [.. topics];
    }

    private FetchRequest.ForgottenTopic[] Forgotten() =>
        [.. _forgotten.Select(key => new FetchRequest.ForgottenTopic { TopicId = key.TopicId, Partitions = [key.Partition] })];
}
