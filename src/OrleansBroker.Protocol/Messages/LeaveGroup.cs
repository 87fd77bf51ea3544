using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Takes members out of a group without waiting for their session to end.</summary>
/// <remarks>
/// <para>Versions: 3 takes several members at once, static ones by their group instance id (KIP-345). 5 adds the reason
/// (KIP-800).</para>
/// <para>Errors: for the whole CoordinatorLoadInProgress, CoordinatorNotAvailable, NotCoordinator, InvalidGroupId; per
/// member (for the whole before 3) UnknownMemberId, FencedInstanceId.</para>
/// </remarks>
public sealed class LeaveGroupRequest : IRequest<LeaveGroupResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.LeaveGroup, VersionMin: 0, VersionMax: 5, FlexibleSince: 4);

    public string GroupId = string.Empty;

    /// <summary>Until version 2; afterwards <see cref="Members"/>.</summary>
    public string MemberId = string.Empty;

    public MemberIdentity[] Members = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.String(ref GroupId);
        codec.String(ref MemberId, until: 2);
        codec.Array(ref Members, since: 3);
    }

    public sealed class MemberIdentity : IWireStruct
    {
        public string MemberId = string.Empty;
        public string? GroupInstanceId;
        public string? Reason;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref MemberId);
            codec.NullableString(ref GroupInstanceId);
            codec.NullableString(ref Reason, since: 5);
        }
    }
}

/// <summary>What became of each member.</summary>
public sealed class LeaveGroupResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public ErrorCode ErrorCode;
    public MemberResponse[] Members = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs, since: 1);
        codec.Error(ref ErrorCode);
        codec.Array(ref Members, since: 3);
    }

    public sealed class MemberResponse : IWireStruct
    {
        public string MemberId = string.Empty;
        public string? GroupInstanceId;
        public ErrorCode ErrorCode;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref MemberId);
            codec.NullableString(ref GroupInstanceId);
            codec.Error(ref ErrorCode);
        }
    }
}
