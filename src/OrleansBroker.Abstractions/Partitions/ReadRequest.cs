using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Abstractions.Partitions;

/// <inheritdoc cref="AppendRequest"/>
public sealed class ReadRequest : IWireStruct
{
    /// <summary>How long a read waits at most, whatever is asked for: less than the call itself.</summary>
    public const int MaxWaitMsMax = 50_000;

    /// <summary>The most bytes of batches in an answer, whatever is asked for: a fraction of what a message of Orleans may have.</summary>
    public const int MaxBytesMax = 16 << 20;

    /// <summary>The first batch that is read has this offset in it; it may begin before.</summary>
    public long Offset;

    /// <summary>Where fewer bytes are there the answer waits, until <see cref="MaxWaitMs"/>. 0 and 1: for anything at all.</summary>
    public int MinBytes = 1;

    /// <summary>Exceeded by the first batch only, so that a large one can be read at all.</summary>
    public int MaxBytes = 1 << 20;

    public int MaxWaitMs = 500;

    /// <summary>Up to the last stable offset (read_committed) rather than the high watermark.</summary>
    public bool IsReadCommitted;

    /// <summary>The leader epoch that the reader knows, -1 not to be fenced.</summary>
    public int CurrentLeaderEpoch = -1;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int64(ref Offset);
        codec.Int32(ref MinBytes);
        codec.Int32(ref MaxBytes);
        codec.Int32(ref MaxWaitMs);
        codec.Boolean(ref IsReadCommitted);
        codec.Int32(ref CurrentLeaderEpoch);
    }
}
