using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Records.Coordinator;

/// <summary>A member in <see cref="GroupMetadataValue"/>.</summary>
public sealed class MemberMetadata : IWireStruct
{
    public string MemberId = string.Empty;

    /// <summary>Of a static member (KIP-345), else null.</summary>
    public string? GroupInstanceId;

    public string ClientId = string.Empty;
    public string ClientHost = string.Empty;

    /// <summary>Milliseconds; -1 where version 0 did not tell, and the session timeout counts.</summary>
    public int RebalanceTimeout = -1;

    /// <summary>Milliseconds.</summary>
    public int SessionTimeout;

    /// <summary>What the client sent for the protocol that was chosen; the broker does not look into it.</summary>
    public ReadOnlyMemory<byte> Subscription;

    /// <summary>What the group's leader assigned.</summary>
    public ReadOnlyMemory<byte> Assignment;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.String(ref MemberId);
        codec.NullableString(ref GroupInstanceId, since: 3, nullableSince: 3);
        codec.String(ref ClientId);
        codec.String(ref ClientHost);
        codec.Int32(ref RebalanceTimeout, since: 1);
        codec.Int32(ref SessionTimeout);
        codec.Bytes(ref Subscription);
        codec.Bytes(ref Assignment);
    }
}
