using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Abstractions.Partitions;

/// <inheritdoc cref="AppendRequest"/>
public sealed class FindOffsetRequest : IWireStruct
{
    /// <summary>In milliseconds since 1970, or one of the special timestamps of <see cref="ListOffsetsRequest"/>.</summary>
    public long Timestamp = ListOffsetsRequest.LatestTimestamp;

    public bool IsReadCommitted;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int64(ref Timestamp);
        codec.Boolean(ref IsReadCommitted);
    }
}
