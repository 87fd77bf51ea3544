using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Abstractions.Partitions;

/// <summary>Only tagged fields may be added: the silo that reads it may be of another build.</summary>
public sealed class AppendRequest : IWireStruct
{
    /// <summary>How long an append waits for the in-sync replicas at most, whatever is asked for: less than the call itself.</summary>
    public const int TimeoutMsMax = 50_000;

    /// <summary>One record batch (v2), compressed or not. The producer id, epoch and sequence in it count as they do from a client of Kafka's protocol.</summary>
    public ReadOnlyMemory<byte> Batch;

    /// <summary>1 is answered once the leader has appended, -1 once all in-sync replicas have, 0 as 1.</summary>
    public short Acks = -1;

    /// <summary>How long acks -1 waits for the in-sync replicas, in milliseconds.</summary>
    public int TimeoutMs = 30_000;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Bytes(ref Batch);
        codec.Int16(ref Acks);
        codec.Int32(ref TimeoutMs);
    }
}
