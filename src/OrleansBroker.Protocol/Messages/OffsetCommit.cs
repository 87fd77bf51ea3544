using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Commits offsets of a group, by a member or by a consumer that manages its partitions itself (generation -1 and no member id).</summary>
/// <remarks>
/// <para>Versions: 2 to 4 carry a retention time, which brokers stopped to heed with 5. 6 adds the leader epoch of the
/// last consumed record. 7 adds static members (KIP-345). 9 may come from members of the new protocol (KIP-848). 10
/// names topics by id.</para>
/// <para>Errors: per partition, mostly the same for all, CoordinatorLoadInProgress, CoordinatorNotAvailable,
/// NotCoordinator, InvalidGroupId, IllegalGeneration, UnknownMemberId, RebalanceInProgress, FencedInstanceId,
/// StaleMemberEpoch (9 and later), OffsetMetadataTooLarge, UnknownTopicOrPartition, UnknownTopicId.</para>
/// </remarks>
public sealed class OffsetCommitRequest : IRequest<OffsetCommitResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.OffsetCommit, VersionMin: 2, VersionMax: 10, FlexibleSince: 8);

    public string GroupId = string.Empty;

    /// <summary>The generation, or the member epoch of the new protocol; -1 from a consumer that is no member.</summary>
    public int GenerationIdOrMemberEpoch = -1;

    public string MemberId = string.Empty;
    public string? GroupInstanceId;

    /// <summary>-1 for the broker's.</summary>
    public long RetentionTimeMs = -1;

    public OffsetCommitRequestTopic[] Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.String(ref GroupId);
        codec.Int32(ref GenerationIdOrMemberEpoch);
        codec.String(ref MemberId);
        codec.NullableString(ref GroupInstanceId, since: 7);
        codec.Int64(ref RetentionTimeMs, until: 4);
        codec.Array(ref Topics);
    }

    public sealed class OffsetCommitRequestTopic : IWireStruct
    {
        /// <summary>Until version 9; afterwards <see cref="TopicId"/>.</summary>
        public string Name = string.Empty;

        public Guid TopicId;
        public OffsetCommitRequestPartition[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name, until: 9);
            codec.Uuid(ref TopicId, since: 10);
            codec.Array(ref Partitions);
        }
    }

    public sealed class OffsetCommitRequestPartition : IWireStruct
    {
        public int PartitionIndex;
        public long CommittedOffset;

        /// <summary>Of the last record consumed, -1 if unknown.</summary>
        public int CommittedLeaderEpoch = -1;

        public string? CommittedMetadata;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Int64(ref CommittedOffset);
            codec.Int32(ref CommittedLeaderEpoch, since: 6);
            codec.NullableString(ref CommittedMetadata);
        }
    }
}

/// <summary>Whether each partition's offset was committed.</summary>
public sealed class OffsetCommitResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public OffsetCommitResponseTopic[] Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs, since: 3);
        codec.Array(ref Topics);
    }

    public sealed class OffsetCommitResponseTopic : IWireStruct
    {
        /// <summary>Until version 9; afterwards <see cref="TopicId"/>.</summary>
        public string Name = string.Empty;

        public Guid TopicId;
        public OffsetCommitResponsePartition[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name, until: 9);
            codec.Uuid(ref TopicId, since: 10);
            codec.Array(ref Partitions);
        }
    }

    public sealed class OffsetCommitResponsePartition : IWireStruct
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
