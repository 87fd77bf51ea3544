using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Reads record batches from partitions, waiting until there are enough. Sent by consumers and, with a replica id, by followers.</summary>
/// <remarks>
/// <para>Versions: 4 is the oldest that receives record batch v2. 5 adds log start offsets. 7 adds fetch sessions
/// (KIP-227). 9 fences by leader epoch (KIP-320). 10 may receive zstd. 11 may be sent to a nearer replica (KIP-392). 12
/// detects truncation by the last fetched epoch. 13 names topics by id. 14 may be answered OffsetMovedToTieredStorage.
/// 15 replaces the replica id by a tagged replica state (KIP-903). 16 names the new leader's endpoint (KIP-951). 17
/// adds the replica's directory. 18 adds the high watermark that the replica knows (KIP-1166).</para>
/// <para>Errors: for the whole FetchSessionIdNotFound, InvalidFetchSessionEpoch, FetchSessionTopicIdError; per
/// partition OffsetOutOfRange, UnknownTopicOrPartition or UnknownTopicId, InconsistentTopicId, NotLeaderOrFollower,
/// FencedLeaderEpoch, UnknownLeaderEpoch, OffsetNotAvailable, UnsupportedCompressionType, KafkaStorageError.</para>
/// </remarks>
public sealed class FetchRequest : IRequest<FetchResponse>
{
    /// <summary>The <see cref="SessionEpoch"/> that opens a session.</summary>
    public const int InitialEpoch = 0;

    /// <summary>The <see cref="SessionEpoch"/> that closes a session, or of a request outside any.</summary>
    public const int FinalEpoch = -1;

    public static ApiDescription Api { get; } = new(ApiKey.Fetch, VersionMin: 4, VersionMax: 18, FlexibleSince: 12);

    /// <summary>Only used between controllers.</summary>
    public string? ClusterId;

    /// <summary>Until version 14: a follower's broker id, -1 from a consumer.</summary>
    public int ReplicaId = -1;

    /// <summary>From version 15 on: who the follower is; null from a consumer.</summary>
    public FetchReplicaState? ReplicaState;

    public int MaxWaitMs;

    /// <summary>The response waits for so many bytes, at most <see cref="MaxWaitMs"/>.</summary>
    public int MinBytes;

    /// <summary>Exceeded by the first batch of the first partition only, so that a large batch can be read at all.</summary>
    public int MaxBytes = int.MaxValue;

    /// <summary>0 reads up to the high watermark, 1 (read committed) up to the last stable offset.</summary>
    public sbyte IsolationLevel;

    /// <summary>0 for a new session or none.</summary>
    public int SessionId;

    /// <summary><see cref="InitialEpoch"/>, <see cref="FinalEpoch"/>, or the number of this request in its session.</summary>
    public int SessionEpoch = -1;

    public FetchTopic[] Topics = [];

    /// <summary>Partitions to take out of the session.</summary>
    public ForgottenTopic[] ForgottenTopicsData = [];

    /// <summary>The consumer's rack.</summary>
    public string RackId = string.Empty;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ReplicaId, until: 14);
        codec.Int32(ref MaxWaitMs);
        codec.Int32(ref MinBytes);
        codec.Int32(ref MaxBytes);
        codec.Int8(ref IsolationLevel);
        codec.Int32(ref SessionId, since: 7);
        codec.Int32(ref SessionEpoch, since: 7);
        codec.Array(ref Topics);
        codec.Array(ref ForgottenTopicsData, since: 7);
        codec.String(ref RackId, since: 11);
        codec.Tagged(0, ref ClusterId);
        codec.TaggedStruct(1, ref ReplicaState, since: 15);
    }

    public sealed class FetchReplicaState : IWireStruct
    {
        public int ReplicaId = -1;
        public long ReplicaEpoch = -1;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref ReplicaId);
            codec.Int64(ref ReplicaEpoch);
        }
    }

    public struct FetchTopic : IWireStruct
    {
        /// <summary>Until version 12; afterwards <see cref="TopicId"/>.</summary>
        public string Topic = string.Empty;

        public Guid TopicId;
        public FetchPartition[] Partitions = [];

        public FetchTopic()
        {
        }

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Topic, until: 12);
            codec.Uuid(ref TopicId, since: 13);
            codec.Array(ref Partitions);
        }
    }

    public struct FetchPartition : IWireStruct
    {
        public int Partition;

        /// <summary>The leader epoch that the fetcher knows, -1 not to be fenced.</summary>
        public int CurrentLeaderEpoch = -1;

        public long FetchOffset;

        /// <summary>The leader epoch of the last record fetched, -1 if there is none.</summary>
        public int LastFetchedEpoch = -1;

        /// <summary>The follower's own; -1 from a consumer.</summary>
        public long LogStartOffset = -1;

        public int PartitionMaxBytes;
        public Guid ReplicaDirectoryId;

        /// <summary>The high watermark that the replica knows, -1 if none; the greatest value from a replica that does not tell.</summary>
        public long HighWatermark = long.MaxValue;

        public FetchPartition()
        {
        }

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref Partition);
            codec.Int32(ref CurrentLeaderEpoch, since: 9);
            codec.Int64(ref FetchOffset);
            codec.Int32(ref LastFetchedEpoch, since: 12);
            codec.Int64(ref LogStartOffset, since: 5);
            codec.Int32(ref PartitionMaxBytes);
            codec.Tagged(0, ref ReplicaDirectoryId, since: 17);
            codec.Tagged(1, ref HighWatermark, absent: long.MaxValue, since: 18);
        }
    }

    public struct ForgottenTopic : IWireStruct
    {
        /// <summary>Until version 12; afterwards <see cref="TopicId"/>.</summary>
        public string Topic = string.Empty;

        public Guid TopicId;
        public int[] Partitions = [];

        public ForgottenTopic()
        {
        }

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Topic, until: 12);
            codec.Uuid(ref TopicId, since: 13);
            codec.Int32Array(ref Partitions);
        }
    }
}

/// <summary>Records by partition. In a fetch session only partitions with news are in it.</summary>
public sealed class FetchResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public ErrorCode ErrorCode;
    public int SessionId;
    public FetchableTopicResponse[] Responses = [];

    /// <summary>The endpoints of the leaders that are named in the partitions.</summary>
    public NodeEndpoint[] NodeEndpoints = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Error(ref ErrorCode, since: 7);
        codec.Int32(ref SessionId, since: 7);
        codec.Array(ref Responses);
        codec.TaggedArray(0, ref NodeEndpoints, since: 16);
    }

    public struct FetchableTopicResponse : IWireStruct
    {
        /// <summary>Until version 12; afterwards <see cref="TopicId"/>.</summary>
        public string Topic = string.Empty;

        public Guid TopicId;
        public PartitionData[] Partitions = [];

        public FetchableTopicResponse()
        {
        }

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Topic, until: 12);
            codec.Uuid(ref TopicId, since: 13);
            codec.Array(ref Partitions);
        }
    }

    public struct PartitionData : IWireStruct
    {
        public int PartitionIndex;
        public ErrorCode ErrorCode;

        /// <summary>-1 if there was an error.</summary>
        public long HighWatermark;

        public long LastStableOffset = -1;
        public long LogStartOffset = -1;

        /// <summary>Where the fetcher's log leaves the leader's, if it does.</summary>
        public EpochEndOffset? DivergingEpoch;

        public LeaderIdAndEpoch? CurrentLeader;

        /// <summary>Only used between controllers.</summary>
        public SnapshotId? SnapshotId;

        /// <summary>Null unless the isolation level is read committed.</summary>
        public AbortedTransaction[]? AbortedTransactions;

        /// <summary>The broker to read from instead, -1 for none.</summary>
        public int PreferredReadReplica = -1;

        public RecordSet Records;

        public PartitionData()
        {
        }

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Error(ref ErrorCode);
            codec.Int64(ref HighWatermark);
            codec.Int64(ref LastStableOffset);
            codec.Int64(ref LogStartOffset, since: 5);
            codec.NullableArray(ref AbortedTransactions);
            codec.Int32(ref PreferredReadReplica, since: 11);
            codec.Records(ref Records);
            codec.TaggedStruct(0, ref DivergingEpoch);
            codec.TaggedStruct(1, ref CurrentLeader);
            codec.TaggedStruct(2, ref SnapshotId);
        }
    }

    public sealed class EpochEndOffset : IWireStruct
    {
        public int Epoch = -1;
        public long EndOffset = -1;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref Epoch);
            codec.Int64(ref EndOffset);
        }
    }

    public sealed class LeaderIdAndEpoch : IWireStruct
    {
        public int LeaderId = -1;
        public int LeaderEpoch = -1;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref LeaderId);
            codec.Int32(ref LeaderEpoch);
        }
    }

    public sealed class SnapshotId : IWireStruct
    {
        public long EndOffset = -1;
        public int Epoch = -1;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int64(ref EndOffset);
            codec.Int32(ref Epoch);
        }
    }

    public struct AbortedTransaction : IWireStruct
    {
        public long ProducerId;
        public long FirstOffset;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int64(ref ProducerId);
            codec.Int64(ref FirstOffset);
        }
    }

    public sealed class NodeEndpoint : IWireStruct
    {
        public int NodeId;
        public string Host = string.Empty;
        public int Port;
        public string? Rack;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref NodeId);
            codec.String(ref Host);
            codec.Int32(ref Port);
            codec.NullableString(ref Rack);
        }
    }
}
