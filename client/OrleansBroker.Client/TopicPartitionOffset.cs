using OrleansBroker.Protocol;

namespace OrleansBroker.Client;

/// <summary>A place in a partition.</summary>
/// <param name="Offset">Counts records from 0; -1 where it is not known.</param>
public readonly record struct TopicPartitionOffset(TopicPartition TopicPartition, long Offset)
{
    public TopicPartitionOffset(string topic, int partition, long offset)
        : this(new TopicPartition(topic, partition), offset)
    {
    }

    public string Topic => TopicPartition.Topic;

    public int Partition => TopicPartition.Partition;

    public override string ToString() => $"{TopicPartition}@{Offset}";
}
