using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Asks where leader epochs end in a partition's log, so that a follower or a consumer can find out where its log or position went another way (KIP-101, KIP-320).</summary>
/// <remarks>
/// <para>Versions: 3 adds the replica id. 4 is flexible.</para>
/// <para>Errors: per partition UnknownTopicOrPartition, NotLeaderOrFollower, FencedLeaderEpoch, UnknownLeaderEpoch,
/// KafkaStorageError.</para>
/// </remarks>
public sealed class OffsetForLeaderEpochRequest : IRequest<OffsetForLeaderEpochResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.OffsetForLeaderEpoch, VersionMin: 2, VersionMax: 4, FlexibleSince: 4);

    /// <summary>A follower's broker id, -1 from a consumer.</summary>
    public int ReplicaId = -2;

    public OffsetForLeaderTopic[] Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ReplicaId, since: 3);
        codec.Array(ref Topics);
    }

    public sealed class OffsetForLeaderTopic : IWireStruct
    {
        public string Topic = string.Empty;
        public OffsetForLeaderPartition[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Topic);
            codec.Array(ref Partitions);
        }
    }

    public sealed class OffsetForLeaderPartition : IWireStruct
    {
        public int Partition;

        /// <summary>The leader epoch that the asker knows, -1 not to be fenced.</summary>
        public int CurrentLeaderEpoch = -1;

        public int LeaderEpoch;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref Partition);
            codec.Int32(ref CurrentLeaderEpoch);
            codec.Int32(ref LeaderEpoch);
        }
    }
}

/// <summary>The end of each epoch: of the greatest epoch that is not above the one that was asked for.</summary>
public sealed class OffsetForLeaderEpochResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public OffsetForLeaderTopicResult[] Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Array(ref Topics);
    }

    public sealed class OffsetForLeaderTopicResult : IWireStruct
    {
        public string Topic = string.Empty;
        public EpochEndOffset[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Topic);
            codec.Array(ref Partitions);
        }
    }

    public sealed class EpochEndOffset : IWireStruct
    {
        public ErrorCode ErrorCode;
        public int Partition;
        public int LeaderEpoch = -1;
        public long EndOffset = -1;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Error(ref ErrorCode);
            codec.Int32(ref Partition);
            codec.Int32(ref LeaderEpoch);
            codec.Int64(ref EndOffset);
        }
    }
}
