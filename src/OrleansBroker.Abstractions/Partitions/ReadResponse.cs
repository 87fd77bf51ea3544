using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Abstractions.Partitions;

/// <inheritdoc cref="AppendRequest"/>
public sealed class ReadResponse : IWireStruct
{
    /// <summary>As Fetch answers it.</summary>
    public ErrorCode Error;

    /// <summary>Whole record batches, one after the other; none where nothing came in time.</summary>
    public ReadOnlyMemory<byte> Batches;

    public long HighWatermark = -1;

    public long LastStableOffset = -1;

    public long LogStartOffset = -1;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Error(ref Error);
        codec.Bytes(ref Batches);
        codec.Int64(ref HighWatermark);
        codec.Int64(ref LastStableOffset);
        codec.Int64(ref LogStartOffset);
    }
}
