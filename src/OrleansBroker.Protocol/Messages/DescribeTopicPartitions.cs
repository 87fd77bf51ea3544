using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Describes the partitions of topics a page at a time, eligible leader replicas included (KIP-966).</summary>
/// <remarks>
/// <para>Versions: 0 is the only one.</para>
/// <para>Errors: per topic UnknownTopicOrPartition, InvalidTopicException; for the whole InvalidRequest (a cursor that
/// names no partition).</para>
/// </remarks>
public sealed class DescribeTopicPartitionsRequest : IRequest<DescribeTopicPartitionsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.DescribeTopicPartitions, VersionMin: 0, VersionMax: 0, FlexibleSince: 0);

    /// <summary>Empty for all.</summary>
    public TopicRequest[] Topics = [];

    /// <summary>The most partitions in a page; the broker has a limit of its own.</summary>
    public int ResponsePartitionLimit = 2000;

    /// <summary>Where this page begins; null for the first.</summary>
    public RequestCursor? Cursor;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Array(ref Topics);
        codec.Int32(ref ResponsePartitionLimit);
        codec.NullableStruct(ref Cursor);
    }

    public sealed class TopicRequest : IWireStruct
    {
        public string Name = string.Empty;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
        }
    }

    public sealed class RequestCursor : IWireStruct
    {
        public string TopicName = string.Empty;
        public int PartitionIndex;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref TopicName);
            codec.Int32(ref PartitionIndex);
        }
    }
}

/// <summary>A page of topics, in order of their names, and where the next page begins.</summary>
public sealed class DescribeTopicPartitionsResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public DescribeTopicPartitionsResponseTopic[] Topics = [];

    /// <summary>Null on the last page.</summary>
    public Cursor? NextCursor;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Array(ref Topics);
        codec.NullableStruct(ref NextCursor);
    }

    public sealed class DescribeTopicPartitionsResponseTopic : IWireStruct
    {
        public ErrorCode ErrorCode;
        public string? Name;
        public Guid TopicId;
        public bool IsInternal;
        public DescribeTopicPartitionsResponsePartition[] Partitions = [];

        /// <summary>A bit for each operation that the client may do; the lowest value if it was not asked for.</summary>
        public int TopicAuthorizedOperations = int.MinValue;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Error(ref ErrorCode);
            codec.NullableString(ref Name);
            codec.Uuid(ref TopicId);
            codec.Boolean(ref IsInternal);
            codec.Array(ref Partitions);
            codec.Int32(ref TopicAuthorizedOperations);
        }
    }

    public sealed class DescribeTopicPartitionsResponsePartition : IWireStruct
    {
        public ErrorCode ErrorCode;
        public int PartitionIndex;
        public int LeaderId;
        public int LeaderEpoch = -1;
        public int[] ReplicaNodes = [];
        public int[] IsrNodes = [];

        /// <summary>May be null on the wire; clients cope better with empty.</summary>
        public int[]? EligibleLeaderReplicas = [];

        public int[]? LastKnownElr = [];
        public int[] OfflineReplicas = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Error(ref ErrorCode);
            codec.Int32(ref PartitionIndex);
            codec.Int32(ref LeaderId);
            codec.Int32(ref LeaderEpoch);
            codec.Int32Array(ref ReplicaNodes);
            codec.Int32Array(ref IsrNodes);
            codec.NullableInt32Array(ref EligibleLeaderReplicas);
            codec.NullableInt32Array(ref LastKnownElr);
            codec.Int32Array(ref OfflineReplicas);
        }
    }

    public sealed class Cursor : IWireStruct
    {
        public string TopicName = string.Empty;
        public int PartitionIndex;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref TopicName);
            codec.Int32(ref PartitionIndex);
        }
    }
}
