using OrleansBroker.Protocol;

namespace OrleansBroker.Abstractions.Partitions;

/// <summary>How records are appended.</summary>
public sealed record AppendOptions
{
    /// <inheritdoc cref="AppendRequest.Acks"/>
    public short Acks { get; init; } = -1;

    /// <inheritdoc cref="AppendRequest.TimeoutMs"/>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    public CompressionCodec Compression { get; init; }

    /// <summary>From <see cref="Catalog.IProducerIdGrain"/>, with <see cref="BaseSequence"/>: an append that is made again is not doubled. Null for a producer that is not idempotent.</summary>
    public long? ProducerId { get; init; }

    public short ProducerEpoch { get; init; }

    /// <summary>The sequence of the first record: 0 in a partition's first append by the producer, and then on by one for each record.</summary>
    public int BaseSequence { get; init; }
}
