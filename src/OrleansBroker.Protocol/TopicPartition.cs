namespace OrleansBroker.Protocol;

/// <summary>One partition of a topic, by name. Prints as Kafka's log directories are named: <c>topic-0</c>.</summary>
public readonly record struct TopicPartition(string Topic, int Partition)
{
    public override string ToString() => $"{Topic}-{Partition}";
}
