using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Deletes empty groups and their committed offsets.</summary>
/// <remarks>
/// <para>Versions: 1 is as 0. 2 is flexible.</para>
/// <para>Errors: per group NonEmptyGroup, GroupIdNotFound, InvalidGroupId, CoordinatorLoadInProgress,
/// CoordinatorNotAvailable, NotCoordinator.</para>
/// </remarks>
public sealed class DeleteGroupsRequest : IRequest<DeleteGroupsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.DeleteGroups, VersionMin: 0, VersionMax: 2, FlexibleSince: 2);

    public string[] GroupsNames = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.StringArray(ref GroupsNames);
    }
}

/// <summary>What became of each group.</summary>
public sealed class DeleteGroupsResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public DeletableGroupResult[] Results = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Array(ref Results);
    }

    public sealed class DeletableGroupResult : IWireStruct
    {
        public string GroupId = string.Empty;
        public ErrorCode ErrorCode;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref GroupId);
            codec.Error(ref ErrorCode);
        }
    }
}
