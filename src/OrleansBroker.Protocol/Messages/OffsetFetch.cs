using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Asks for the offsets that groups committed. A partition without one is answered -1, without an error; so is an unknown group.</summary>
/// <remarks>
/// <para>Versions: 2 takes null for all topics and answers an error for the group. 5 answers leader epochs. 7 can
/// insist on offsets without pending transactions (KIP-447). 8 asks for several groups at once. 9 may come from members
/// of the new protocol (KIP-848). 10 names topics by id.</para>
/// <para>Errors: per group CoordinatorLoadInProgress, CoordinatorNotAvailable, NotCoordinator, InvalidGroupId,
/// UnknownMemberId and StaleMemberEpoch (9 and later); per partition UnstableOffsetCommit, UnknownTopicId. Version 1
/// has the group's error on each partition.</para>
/// </remarks>
public sealed class OffsetFetchRequest : IRequest<OffsetFetchResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.OffsetFetch, VersionMin: 1, VersionMax: 10, FlexibleSince: 6);

    /// <summary>Until version 7; afterwards <see cref="Groups"/>.</summary>
    public string GroupId = string.Empty;

    /// <summary>Null for all topics, from version 2 on.</summary>
    public OffsetFetchRequestTopic[]? Topics = [];

    public OffsetFetchRequestGroup[] Groups = [];

    /// <summary>Answer UnstableOffsetCommit where a transaction is pending.</summary>
    public bool RequireStable;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.String(ref GroupId, until: 7);
        codec.NullableArray(ref Topics, until: 7, nullableSince: 2);
        codec.Array(ref Groups, since: 8);
        codec.Boolean(ref RequireStable, since: 7);
    }

    public sealed class OffsetFetchRequestTopic : IWireStruct
    {
        public string Name = string.Empty;
        public int[] PartitionIndexes = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Int32Array(ref PartitionIndexes);
        }
    }

    public sealed class OffsetFetchRequestGroup : IWireStruct
    {
        public string GroupId = string.Empty;
        public string? MemberId;
        public int MemberEpoch = -1;

        /// <summary>Null for all topics.</summary>
        public OffsetFetchRequestTopics[]? Topics = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref GroupId);
            codec.NullableString(ref MemberId, since: 9);
            codec.Int32(ref MemberEpoch, since: 9);
            codec.NullableArray(ref Topics);
        }
    }

    public sealed class OffsetFetchRequestTopics : IWireStruct
    {
        /// <summary>Until version 9; afterwards <see cref="TopicId"/>.</summary>
        public string Name = string.Empty;

        public Guid TopicId;
        public int[] PartitionIndexes = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name, until: 9);
            codec.Uuid(ref TopicId, since: 10);
            codec.Int32Array(ref PartitionIndexes);
        }
    }
}

/// <summary>The committed offsets: by topic until version 7, by group and topic from 8 on.</summary>
public sealed class OffsetFetchResponse : IWireStruct
{
    public int ThrottleTimeMs;

    /// <summary>Until version 7; afterwards <see cref="Groups"/>.</summary>
    public OffsetFetchResponseTopic[] Topics = [];

    /// <summary>From version 2 to 7; afterwards in <see cref="Groups"/>.</summary>
    public ErrorCode ErrorCode;

    public OffsetFetchResponseGroup[] Groups = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs, since: 3);
        codec.Array(ref Topics, until: 7);
        codec.Error(ref ErrorCode, since: 2, until: 7);
        codec.Array(ref Groups, since: 8);
    }

    public sealed class OffsetFetchResponseTopic : IWireStruct
    {
        public string Name = string.Empty;
        public OffsetFetchResponsePartition[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Array(ref Partitions);
        }
    }

    public sealed class OffsetFetchResponsePartition : IWireStruct
    {
        public int PartitionIndex;

        /// <summary>-1 if there is none.</summary>
        public long CommittedOffset;

        public int CommittedLeaderEpoch = -1;
        public string? Metadata;
        public ErrorCode ErrorCode;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Int64(ref CommittedOffset);
            codec.Int32(ref CommittedLeaderEpoch, since: 5);
            codec.NullableString(ref Metadata);
            codec.Error(ref ErrorCode);
        }
    }

    public sealed class OffsetFetchResponseGroup : IWireStruct
    {
        public string GroupId = string.Empty;
        public OffsetFetchResponseTopics[] Topics = [];
        public ErrorCode ErrorCode;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref GroupId);
            codec.Array(ref Topics);
            codec.Error(ref ErrorCode);
        }
    }

    public sealed class OffsetFetchResponseTopics : IWireStruct
    {
        /// <summary>Until version 9; afterwards <see cref="TopicId"/>.</summary>
        public string Name = string.Empty;

        public Guid TopicId;
        public OffsetFetchResponsePartitions[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name, until: 9);
            codec.Uuid(ref TopicId, since: 10);
            codec.Array(ref Partitions);
        }
    }

    public sealed class OffsetFetchResponsePartitions : IWireStruct
    {
        public int PartitionIndex;

        /// <summary>-1 if there is none.</summary>
        public long CommittedOffset;

        public int CommittedLeaderEpoch = -1;
        public string? Metadata;
        public ErrorCode ErrorCode;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Int64(ref CommittedOffset);
            codec.Int32(ref CommittedLeaderEpoch);
            codec.NullableString(ref Metadata);
            codec.Error(ref ErrorCode);
        }
    }
}
