using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Abstractions.Partitions;

/// <inheritdoc cref="AppendRequest"/>
public sealed class AppendResponse : IWireStruct
{
    /// <summary>As Produce answers it, with TOPIC_AUTHORIZATION_FAILED and those of transactions left out.</summary>
    public ErrorCode Error;

    public string? ErrorMessage;

    /// <summary>The offset of the first record; -1 where there was an error.</summary>
    public long BaseOffset = -1;

    /// <summary>-1 unless the topic's timestamps are those of the append.</summary>
    public long LogAppendTimeMs = -1;

    public long LogStartOffset = -1;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Error(ref Error);
        codec.NullableString(ref ErrorMessage);
        codec.Int64(ref BaseOffset);
        codec.Int64(ref LogAppendTimeMs);
        codec.Int64(ref LogStartOffset);
    }
}
