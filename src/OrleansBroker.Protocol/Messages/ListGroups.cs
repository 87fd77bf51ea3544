using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Lists the groups that this broker coordinates.</summary>
/// <remarks>
/// <para>Versions: 4 filters by state and answers it (KIP-518). 5 filters by type and answers it (KIP-848).</para>
/// <para>Errors: CoordinatorLoadInProgress, CoordinatorNotAvailable.</para>
/// </remarks>
public sealed class ListGroupsRequest : IRequest<ListGroupsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.ListGroups, VersionMin: 0, VersionMax: 5, FlexibleSince: 3);

    /// <summary>Empty for all.</summary>
    public string[] StatesFilter = [];

    /// <summary>Empty for all.</summary>
    public string[] TypesFilter = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.StringArray(ref StatesFilter, since: 4);
        codec.StringArray(ref TypesFilter, since: 5);
    }
}

/// <summary>The groups, in no order.</summary>
public sealed class ListGroupsResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public ErrorCode ErrorCode;
    public ListedGroup[] Groups = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs, since: 1);
        codec.Error(ref ErrorCode);
        codec.Array(ref Groups);
    }

    public sealed class ListedGroup : IWireStruct
    {
        public string GroupId = string.Empty;
        public string ProtocolType = string.Empty;

        /// <summary>As in <see cref="DescribeGroupsResponse.DescribedGroup.GroupState"/>.</summary>
        public string GroupState = string.Empty;

        /// <summary>classic, consumer or share.</summary>
        public string GroupType = string.Empty;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref GroupId);
            codec.String(ref ProtocolType);
            codec.String(ref GroupState, since: 4);
            codec.String(ref GroupType, since: 5);
        }
    }
}
