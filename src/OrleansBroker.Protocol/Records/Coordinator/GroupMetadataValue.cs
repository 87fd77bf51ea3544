using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Records.Coordinator;

/// <summary>A classic group as it stood when a generation was complete.</summary>
public sealed class GroupMetadataValue : ICoordinatorRecord
{
    public string ProtocolType = string.Empty;
    public int Generation;

    /// <summary>The assignor that was chosen; null while there is none.</summary>
    public string? Protocol;

    /// <summary>A member id; null while there is none.</summary>
    public string? Leader;

    /// <summary>When the group came into its state, milliseconds since 1970; -1 where that is not known.</summary>
    public long CurrentStateTimestamp = -1;

    public MemberMetadata[] Members = [];

    public static short VersionMin => 0;

    public static short VersionMax => 4;

    public static short FlexibleSince => 4;

    public short VersionWritten => 3;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.String(ref ProtocolType);
        codec.Int32(ref Generation);
        codec.NullableString(ref Protocol);
        codec.NullableString(ref Leader);
        codec.Int64(ref CurrentStateTimestamp, since: 2);
        codec.Array(ref Members);
    }
}
