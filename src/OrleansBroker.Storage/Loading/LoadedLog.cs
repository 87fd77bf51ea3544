using OrleansBroker.Protocol;
using OrleansBroker.Storage.Checkpoints;
using OrleansBroker.Storage.Producers;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage.Loading;

/// <summary>What a log is made of once its directory was read and, where needed, recovered.</summary>
internal sealed record LoadedLog
{
    public required TopicPartition Partition { get; init; }

    public required Guid TopicId { get; init; }

    public required string Directory { get; init; }

    public required LogConfig Config { get; init; }

    /// <summary>At least one.</summary>
    public required Segment[] Segments { get; init; }

    public required LeaderEpochCache Epochs { get; init; }

    public required ProducerStateTable Producers { get; init; }

    public required long LogStartOffset { get; init; }

    public required long LogEndOffset { get; init; }

    public required long HighWatermark { get; init; }

    public required long RecoveryPoint { get; init; }

    /// <summary>The last stop was not clean, so what a clean one leaves behind is missing.</summary>
    public required bool Recovered { get; init; }
}
