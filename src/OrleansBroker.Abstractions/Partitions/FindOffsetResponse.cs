using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Abstractions.Partitions;

/// <inheritdoc cref="AppendRequest"/>
public sealed class FindOffsetResponse : IWireStruct
{
    /// <summary>As ListOffsets answers it.</summary>
    public ErrorCode Error;

    /// <summary>-1 where no record is so late.</summary>
    public long Offset = -1;

    /// <summary>Of the record that was found; -1 for special timestamps that are no record's.</summary>
    public long Timestamp = -1;

    public int LeaderEpoch = -1;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Error(ref Error);
        codec.Int64(ref Offset);
        codec.Int64(ref Timestamp);
        codec.Int32(ref LeaderEpoch);
    }
}
