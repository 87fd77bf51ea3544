using Orleans.Concurrency;

namespace OrleansBroker.Abstractions.Partitions;

/// <summary>
/// One broker's copy of a partition, by <see cref="PartitionKey.Of(string, int, int)"/>: <c>topic/partition/broker</c>. It is
/// activated at that broker only: a call fails while the broker does not live.
/// </summary>
[Alias("OrleansBroker.Replica")]
public interface IReplicaGrain : IGrainWithStringKey
{
    /// <summary>What the broker knows of its copy; UNKNOWN_TOPIC_OR_PARTITION where it has none, KAFKA_STORAGE_ERROR where its log cannot be used.</summary>
    [Alias("Describe")]
    [AlwaysInterleave]
    Task<ReplicaDescription> DescribeAsync();
}
