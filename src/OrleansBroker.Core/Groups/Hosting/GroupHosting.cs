using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>What all hosts of shards share.</summary>
internal sealed class GroupHosting
{
    public required GroupOptions Options { get; init; }

    /// <summary>Of the batches that coordinators write: <c>offsets.topic.compression.codec</c>.</summary>
    public required CompressionCodec Codec { get; init; }

    public required SteadyClock Clock { get; init; }

    public required GroupTimer Timer { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>The partition of <c>__consumer_offsets</c>, or null where this broker holds no replica of it.</summary>
    public required Func<int, Partition?> FindPartition { get; init; }

    /// <summary>Runs something that reads from disk for a while; cancelled when the coordinator stops.</summary>
    public required Action<Func<CancellationToken, Task>> RunInBackground { get; init; }
}
