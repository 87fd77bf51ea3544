using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Abstractions.Partitions;

/// <inheritdoc cref="AppendRequest"/>
public sealed class ReplicaDescription : IWireStruct
{
    public ErrorCode Error;

    public bool IsLeader;

    /// <summary>As this broker knows; the leader's own answer is the one that counts.</summary>
    public bool IsInSync;

    /// <summary>The broker that leads as this one knows; -1 where nobody does.</summary>
    public int Leader = -1;

    public int LeaderEpoch = -1;

    public long LogStartOffset = -1;

    /// <summary>Exclusive: what consumers may see.</summary>
    public long HighWatermark = -1;

    /// <summary>Exclusive.</summary>
    public long LogEndOffset = -1;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Error(ref Error);
        codec.Boolean(ref IsLeader);
        codec.Boolean(ref IsInSync);
        codec.Int32(ref Leader);
        codec.Int32(ref LeaderEpoch);
        codec.Int64(ref LogStartOffset);
        codec.Int64(ref HighWatermark);
        codec.Int64(ref LogEndOffset);
    }
}
