namespace OrleansBroker.Client;

/// <summary>Kafka's default: records with a key go by its murmur2 hash, to the same partitions as from the Java client; those without go anywhere.</summary>
public sealed class Murmur2Partitioner : IPartitioner
{
    public static readonly Murmur2Partitioner Instance = new();

    public int Partition(string topic, ReadOnlySpan<byte> key, bool hasKey, int partitionCount) =>
        hasKey ? (int)(Murmur2.Hash(key) & int.MaxValue) % partitionCount : IPartitioner.Any;
}
