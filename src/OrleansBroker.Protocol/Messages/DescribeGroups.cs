using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Describes groups of the classic protocol with their members.</summary>
/// <remarks>
/// <para>Versions: 3 adds authorized operations. 4 answers group instance ids. 6 answers GroupIdNotFound with a message
/// where earlier versions answer a group in state Dead without an error (KIP-1043).</para>
/// <para>Errors: per group CoordinatorLoadInProgress, CoordinatorNotAvailable, NotCoordinator, InvalidGroupId,
/// GroupIdNotFound.</para>
/// </remarks>
public sealed class DescribeGroupsRequest : IRequest<DescribeGroupsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.DescribeGroups, VersionMin: 0, VersionMax: 6, FlexibleSince: 5);

    public string[] Groups = [];
    public bool IncludeAuthorizedOperations;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.StringArray(ref Groups);
        codec.Boolean(ref IncludeAuthorizedOperations, since: 3);
    }
}

/// <summary>The groups, those that are unknown included.</summary>
public sealed class DescribeGroupsResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public DescribedGroup[] Groups = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs, since: 1);
        codec.Array(ref Groups);
    }

    public sealed class DescribedGroup : IWireStruct
    {
        public ErrorCode ErrorCode;
        public string? ErrorMessage;
        public string GroupId = string.Empty;

        /// <summary>As Kafka spells it: Empty, PreparingRebalance, CompletingRebalance, Stable, Dead.</summary>
        public string GroupState = string.Empty;

        public string ProtocolType = string.Empty;

        /// <summary>The protocol that was chosen: the assignor's name.</summary>
        public string ProtocolData = string.Empty;

        public DescribedGroupMember[] Members = [];

        /// <summary>A bit for each operation that the client may do; the lowest value if it was not asked for.</summary>
        public int AuthorizedOperations = int.MinValue;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Error(ref ErrorCode);
            codec.NullableString(ref ErrorMessage, since: 6);
            codec.String(ref GroupId);
            codec.String(ref GroupState);
            codec.String(ref ProtocolType);
            codec.String(ref ProtocolData);
            codec.Array(ref Members);
            codec.Int32(ref AuthorizedOperations, since: 3);
        }
    }

    public sealed class DescribedGroupMember : IWireStruct
    {
        public string MemberId = string.Empty;
        public string? GroupInstanceId;
        public string ClientId = string.Empty;
        public string ClientHost = string.Empty;
        public ReadOnlyMemory<byte> MemberMetadata;
        public ReadOnlyMemory<byte> MemberAssignment;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref MemberId);
            codec.NullableString(ref GroupInstanceId, since: 4);
            codec.String(ref ClientId);
            codec.String(ref ClientHost);
            codec.Bytes(ref MemberMetadata);
            codec.Bytes(ref MemberAssignment);
        }
    }
}
