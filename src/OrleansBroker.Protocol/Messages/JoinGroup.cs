using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Enters a group or enters it again after a rebalance began. Answered when all members have joined or the rebalance timeout has passed.</summary>
/// <remarks>
/// <para>Versions: 1 adds the rebalance timeout, apart from the session timeout. 4 answers a first join without a
/// member id by MemberIdRequired and an id (KIP-394). 5 adds static members (KIP-345). 7 answers the protocol type. 8
/// adds the reason (KIP-800). 9 tells a static leader that came back to leave the assignment as it is (KIP-814).</para>
/// <para>Errors: CoordinatorLoadInProgress, CoordinatorNotAvailable, NotCoordinator, InvalidGroupId,
/// InvalidSessionTimeout, InconsistentGroupProtocol, UnknownMemberId, MemberIdRequired, FencedInstanceId,
/// GroupMaxSizeReached, RebalanceInProgress.</para>
/// </remarks>
public sealed class JoinGroupRequest : IRequest<JoinGroupResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.JoinGroup, VersionMin: 0, VersionMax: 9, FlexibleSince: 6);

    public string GroupId = string.Empty;
    public int SessionTimeoutMs;

    /// <summary>-1 in version 0: the session timeout then.</summary>
    public int RebalanceTimeoutMs = -1;

    /// <summary>Empty on the first join.</summary>
    public string MemberId = string.Empty;

    public string? GroupInstanceId;
    public string ProtocolType = string.Empty;

    /// <summary>The assignors that the member has, in order of preference.</summary>
    public JoinGroupRequestProtocol[] Protocols = [];

    public string? Reason;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.String(ref GroupId);
        codec.Int32(ref SessionTimeoutMs);
        codec.Int32(ref RebalanceTimeoutMs, since: 1);
        codec.String(ref MemberId);
        codec.NullableString(ref GroupInstanceId, since: 5);
        codec.String(ref ProtocolType);
        codec.Array(ref Protocols);
        codec.NullableString(ref Reason, since: 8);
    }

    public sealed class JoinGroupRequestProtocol : IWireStruct
    {
        public string Name = string.Empty;

        /// <summary>The member's subscription, opaque to the broker.</summary>
        public ReadOnlyMemory<byte> Metadata;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Bytes(ref Metadata);
        }
    }
}

/// <summary>The generation that was joined; to the leader also the members, from which it makes the assignment.</summary>
public sealed class JoinGroupResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public ErrorCode ErrorCode;
    public int GenerationId = -1;
    public string? ProtocolType;

    /// <summary>The assignor that was chosen. Null only from version 7 on.</summary>
    public string? ProtocolName;

    /// <summary>The leader's member id.</summary>
    public string Leader = string.Empty;

    /// <summary>The leader is not to make an assignment.</summary>
    public bool SkipAssignment;

    public string MemberId = string.Empty;

    /// <summary>Empty for all but the leader.</summary>
    public JoinGroupResponseMember[] Members = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs, since: 2);
        codec.Error(ref ErrorCode);
        codec.Int32(ref GenerationId);
        codec.NullableString(ref ProtocolType, since: 7);
        codec.NullableString(ref ProtocolName, nullableSince: 7);
        codec.String(ref Leader);
        codec.Boolean(ref SkipAssignment, since: 9);
        codec.String(ref MemberId);
        codec.Array(ref Members);
    }

    public sealed class JoinGroupResponseMember : IWireStruct
    {
        public string MemberId = string.Empty;
        public string? GroupInstanceId;
        public ReadOnlyMemory<byte> Metadata;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref MemberId);
            codec.NullableString(ref GroupInstanceId, since: 5);
            codec.Bytes(ref Metadata);
        }
    }
}
