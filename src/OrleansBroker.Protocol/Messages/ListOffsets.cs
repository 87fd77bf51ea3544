using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Finds offsets: the first, the last, or the first whose timestamp is not below a given one.</summary>
/// <remarks>
/// <para>Versions: 1 answers one offset a partition. 2 adds the isolation level. 4 adds the leader epoch, to fence and
/// to be answered. 5 may be answered OffsetNotAvailable. 7 adds <see cref="MaxTimestamp"/> (KIP-734), 8 <see
/// cref="EarliestLocalTimestamp"/> (KIP-405), 9 <see cref="LatestTieredTimestamp"/> (KIP-1005). 10 adds the timeout
/// (KIP-1075). 11 adds <see cref="EarliestPendingUploadTimestamp"/> (KIP-1023).</para>
/// <para>Errors: per partition UnknownTopicOrPartition, NotLeaderOrFollower, FencedLeaderEpoch, UnknownLeaderEpoch,
/// OffsetNotAvailable, UnsupportedVersion (a special timestamp that this version does not have), InvalidRequest (a
/// partition named twice), KafkaStorageError.</para>
/// </remarks>
public sealed class ListOffsetsRequest : IRequest<ListOffsetsResponse>
{
    /// <summary>The log end as far as the isolation level shows it.</summary>
    public const long LatestTimestamp = -1;

    /// <summary>The log start offset.</summary>
    public const long EarliestTimestamp = -2;

    /// <summary>The record with the greatest timestamp.</summary>
    public const long MaxTimestamp = -3;

    /// <summary>The first offset on local disk.</summary>
    public const long EarliestLocalTimestamp = -4;

    /// <summary>The last offset in tiered storage.</summary>
    public const long LatestTieredTimestamp = -5;

    /// <summary>The first offset that is not yet in tiered storage.</summary>
    public const long EarliestPendingUploadTimestamp = -6;

    public static ApiDescription Api { get; } = new(ApiKey.ListOffsets, VersionMin: 1, VersionMax: 11, FlexibleSince: 6);

    /// <summary>-1 from a consumer.</summary>
    public int ReplicaId;

    /// <summary>0 for the high watermark as latest offset, 1 (read committed) for the last stable offset.</summary>
    public sbyte IsolationLevel;

    public ListOffsetsTopic[] Topics = [];
    public int TimeoutMs;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ReplicaId);
        codec.Int8(ref IsolationLevel, since: 2);
        codec.Array(ref Topics);
        codec.Int32(ref TimeoutMs, since: 10);
    }

    public sealed class ListOffsetsTopic : IWireStruct
    {
        public string Name = string.Empty;
        public ListOffsetsPartition[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Array(ref Partitions);
        }
    }

    public sealed class ListOffsetsPartition : IWireStruct
    {
        public int PartitionIndex;
        public int CurrentLeaderEpoch = -1;

        /// <summary>In milliseconds since 1970, or one of the special timestamps.</summary>
        public long Timestamp;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Int32(ref CurrentLeaderEpoch, since: 4);
            codec.Int64(ref Timestamp);
        }
    }
}

/// <summary>The offsets that were found.</summary>
public sealed class ListOffsetsResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public ListOffsetsTopicResponse[] Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs, since: 2);
        codec.Array(ref Topics);
    }

    public sealed class ListOffsetsTopicResponse : IWireStruct
    {
        public string Name = string.Empty;
        public ListOffsetsPartitionResponse[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Array(ref Partitions);
        }
    }

    public sealed class ListOffsetsPartitionResponse : IWireStruct
    {
        public int PartitionIndex;
        public ErrorCode ErrorCode;

        /// <summary>Of the record that was found; -1 for special timestamps that are no record's.</summary>
        public long Timestamp = -1;

        /// <summary>-1 if no record is so late.</summary>
        public long Offset = -1;

        public int LeaderEpoch = -1;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Error(ref ErrorCode);
            codec.Int64(ref Timestamp);
            codec.Int64(ref Offset);
            codec.Int32(ref LeaderEpoch, since: 4);
        }
    }
}
