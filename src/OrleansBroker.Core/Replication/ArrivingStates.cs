namespace OrleansBroker.Core.Replication;

/// <summary>
/// What is announced of partitions after their documents were read and before they are shown: newer than what was read. Of a topic
/// that nobody is placing it need not be kept, as the documents are read when it comes. The owner locks.
/// </summary>
internal sealed class ArrivingStates
{
    private readonly Dictionary<Guid, Placing> _topics = [];

    public int Count => _topics.Count;

    /// <summary>Before the documents of a topic are read.</summary>
    public void Begin(Guid topicId)
    {
        if (!_topics.TryGetValue(topicId, out var placing))
        {
            _topics.Add(topicId, placing = new Placing());
        }

        placing.Times++;
    }

    /// <summary>After <see cref="Begin"/>, whatever became of it.</summary>
    public void End(Guid topicId)
    {
        if (_topics.TryGetValue(topicId, out var placing) && --placing.Times == 0)
        {
            _topics.Remove(topicId);
        }
    }

    public void Note(PartitionState state)
    {
        if (_topics.TryGetValue(state.TopicId, out var placing)
            && (!placing.States.TryGetValue(state.Partition, out var earlier) || state.IsNewerThan(earlier.LeaderEpoch, earlier.PartitionEpoch)))
        {
            placing.States[state.Partition] = state;
        }
    }

    /// <summary>What was read of a partition, or what was announced since.</summary>
    public PartitionState? Newest(PartitionState? read, ReplicaKey key) =>
        _topics.TryGetValue(key.TopicId, out var placing) && placing.States.TryGetValue(key.Partition, out var heard)
            && (read is null || heard.IsNewerThan(read.LeaderEpoch, read.PartitionEpoch))
            ? heard
            : read;

    private sealed class Placing
    {
        public int Times { get; set; }

        public Dictionary<int, PartitionState> States { get; } = [];
    }
}
