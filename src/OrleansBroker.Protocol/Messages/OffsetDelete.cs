using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Deletes committed offsets of a group for partitions of topics that it is not subscribed to (KIP-496).</summary>
/// <remarks>
/// <para>Versions: 0 is the only one.</para>
/// <para>Errors: for the whole GroupIdNotFound, NonEmptyGroup, InvalidGroupId, CoordinatorLoadInProgress,
/// CoordinatorNotAvailable, NotCoordinator; per partition UnknownTopicOrPartition, GroupSubscribedToTopic.</para>
/// </remarks>
public sealed class OffsetDeleteRequest : IRequest<OffsetDeleteResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.OffsetDelete, VersionMin: 0, VersionMax: 0, FlexibleSince: ApiDescription.NeverFlexible);

    public string GroupId = string.Empty;
    public OffsetDeleteRequestTopic[] Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.String(ref GroupId);
        codec.Array(ref Topics);
    }

    public sealed class OffsetDeleteRequestTopic : IWireStruct
    {
        public string Name = string.Empty;
        public OffsetDeleteRequestPartition[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Array(ref Partitions);
        }
    }

    public sealed class OffsetDeleteRequestPartition : IWireStruct
    {
        public int PartitionIndex;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
        }
    }
}

/// <summary>What became of each partition's offset.</summary>
public sealed class OffsetDeleteResponse : IWireStruct
{
    public ErrorCode ErrorCode;
    public int ThrottleTimeMs;
    public OffsetDeleteResponseTopic[] Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Error(ref ErrorCode);
        codec.Int32(ref ThrottleTimeMs);
        codec.Array(ref Topics);
    }

    public sealed class OffsetDeleteResponseTopic : IWireStruct
    {
        public string Name = string.Empty;
        public OffsetDeleteResponsePartition[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Array(ref Partitions);
        }
    }

    public sealed class OffsetDeleteResponsePartition : IWireStruct
    {
        public int PartitionIndex;
        public ErrorCode ErrorCode;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Error(ref ErrorCode);
        }
    }
}
