using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Asks for a member's assignment; the leader's request brings everybody's. Answered when the leader's has come.</summary>
/// <remarks>
/// <para>Versions: 3 adds static members (KIP-345). 5 repeats the protocol type and name, to be checked.</para>
/// <para>Errors: RebalanceInProgress, IllegalGeneration, UnknownMemberId, FencedInstanceId, InconsistentGroupProtocol,
/// CoordinatorLoadInProgress, CoordinatorNotAvailable, NotCoordinator, InvalidGroupId.</para>
/// </remarks>
public sealed class SyncGroupRequest : IRequest<SyncGroupResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.SyncGroup, VersionMin: 0, VersionMax: 5, FlexibleSince: 4);

    public string GroupId = string.Empty;
    public int GenerationId;
    public string MemberId = string.Empty;
    public string? GroupInstanceId;
    public string? ProtocolType;
    public string? ProtocolName;

    /// <summary>Empty from all but the leader.</summary>
    public SyncGroupRequestAssignment[] Assignments = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.String(ref GroupId);
        codec.Int32(ref GenerationId);
        codec.String(ref MemberId);
        codec.NullableString(ref GroupInstanceId, since: 3);
        codec.NullableString(ref ProtocolType, since: 5);
        codec.NullableString(ref ProtocolName, since: 5);
        codec.Array(ref Assignments);
    }

    public sealed class SyncGroupRequestAssignment : IWireStruct
    {
        public string MemberId = string.Empty;

        /// <summary>Opaque to the broker.</summary>
        public ReadOnlyMemory<byte> Assignment;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref MemberId);
            codec.Bytes(ref Assignment);
        }
    }
}

/// <summary>The member's assignment, as the group's leader made it.</summary>
public sealed class SyncGroupResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public ErrorCode ErrorCode;
    public string? ProtocolType;
    public string? ProtocolName;

    /// <summary>Opaque to the broker.</summary>
    public ReadOnlyMemory<byte> Assignment;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs, since: 1);
        codec.Error(ref ErrorCode);
        codec.NullableString(ref ProtocolType, since: 5);
        codec.NullableString(ref ProtocolName, since: 5);
        codec.Bytes(ref Assignment);
    }
}
