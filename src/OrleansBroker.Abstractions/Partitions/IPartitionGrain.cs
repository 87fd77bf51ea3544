using Orleans.Concurrency;

namespace OrleansBroker.Abstractions.Partitions;

/// <summary>
/// A partition as applications of Orleans reach it, by <see cref="PartitionKey.Of(string, int)"/>: <c>topic/partition</c>. It is
/// activated at the broker that leads the partition and has no state of its own: what it is asked, that broker does as if a client
/// of Kafka's protocol had asked. An activation that is not where the leader is asks there, once, and moves there.
/// <see cref="PartitionGrainExtensions"/> has the same for records rather than batches.
/// </summary>
/// <remarks>
/// What a broker refuses, or does not begin with, it answers with an error code of Kafka's. An exception means that the outcome is not known: the silo may
/// have died before or after it appended. An append that is made again is not doubled if its batch has a producer id and a sequence.
/// </remarks>
[Alias("OrleansBroker.Partition")]
public interface IPartitionGrain : IGrainWithStringKey
{
    /// <summary>Appends one record batch.</summary>
    [Alias("Append")]
    [AlwaysInterleave]
    [ResponseTimeout("00:01:00")]
    Task<AppendResponse> AppendAsync(AppendRequest request);

    /// <summary>Reads record batches, and waits for them where there are too few.</summary>
    [Alias("Read")]
    [AlwaysInterleave]
    [ResponseTimeout("00:01:00")]
    Task<ReadResponse> ReadAsync(ReadRequest request);

    /// <summary>Finds an offset by a timestamp: the first, the end, or the first of a time.</summary>
    [Alias("FindOffset")]
    [AlwaysInterleave]
    Task<FindOffsetResponse> FindOffsetAsync(FindOffsetRequest request);
}
