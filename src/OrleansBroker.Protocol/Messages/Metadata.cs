using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Asks for the brokers and for topics with the leader and replicas of each partition.</summary>
/// <remarks>
/// <para>Versions: 0 means all topics by an empty array, 1 and later by null. 4 says whether topics may be created. 5
/// adds offline replicas, 7 leader epochs. 8 adds authorized operations, those of the cluster until 10. 10 answers
/// topic ids, 12 also takes them. 13 adds an error for the whole (KIP-1102).</para>
/// <para>Errors: per topic UnknownTopicOrPartition, UnknownTopicId, InvalidTopicException, LeaderNotAvailable (just
/// created); per partition LeaderNotAvailable, ListenerNotFound; for the whole RebootstrapRequired.</para>
/// </remarks>
public sealed class MetadataRequest : IRequest<MetadataResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.Metadata, VersionMin: 0, VersionMax: 13, FlexibleSince: 9);

    /// <summary>Null (in version 0 empty) for all topics.</summary>
    public MetadataRequestTopic[]? Topics = [];

    public bool AllowAutoTopicCreation = true;
    public bool IncludeClusterAuthorizedOperations;
    public bool IncludeTopicAuthorizedOperations;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.NullableArray(ref Topics, nullableSince: 1);
        codec.Boolean(ref AllowAutoTopicCreation, since: 4);
        codec.Boolean(ref IncludeClusterAuthorizedOperations, since: 8, until: 10);
        codec.Boolean(ref IncludeTopicAuthorizedOperations, since: 8);
    }

    public sealed class MetadataRequestTopic : IWireStruct
    {
        public Guid TopicId;

        /// <summary>Null if the topic is named by id.</summary>
        public string? Name;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Uuid(ref TopicId, since: 10);
            codec.NullableString(ref Name, nullableSince: 10);
        }
    }
}

/// <summary>The brokers, and the topics that were asked for.</summary>
public sealed class MetadataResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public MetadataResponseBroker[] Brokers = [];
    public string? ClusterId;

    /// <summary>-1 if unknown.</summary>
    public int ControllerId = -1;

    public MetadataResponseTopic[] Topics = [];

    /// <summary>A bit for each operation that the client may do; the lowest value if it was not asked for.</summary>
    public int ClusterAuthorizedOperations = int.MinValue;

    public ErrorCode ErrorCode;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs, since: 3);
        codec.Array(ref Brokers);
        codec.NullableString(ref ClusterId, since: 2);
        codec.Int32(ref ControllerId, since: 1);
        codec.Array(ref Topics);
        codec.Int32(ref ClusterAuthorizedOperations, since: 8, until: 10);
        codec.Error(ref ErrorCode, since: 13);
    }

    public sealed class MetadataResponseBroker : IWireStruct
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
            codec.NullableString(ref Rack, since: 1);
        }
    }

    public sealed class MetadataResponseTopic : IWireStruct
    {
        public ErrorCode ErrorCode;

        /// <summary>Null only for a topic that was asked for by an unknown id.</summary>
        public string? Name;

        public Guid TopicId;
        public bool IsInternal;
        public MetadataResponsePartition[] Partitions = [];

        /// <summary>A bit for each operation that the client may do; the lowest value if it was not asked for.</summary>
        public int TopicAuthorizedOperations = int.MinValue;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Error(ref ErrorCode);
            codec.NullableString(ref Name, nullableSince: 12);
            codec.Uuid(ref TopicId, since: 10);
            codec.Boolean(ref IsInternal, since: 1);
            codec.Array(ref Partitions);
            codec.Int32(ref TopicAuthorizedOperations, since: 8);
        }
    }

    public sealed class MetadataResponsePartition : IWireStruct
    {
        public ErrorCode ErrorCode;
        public int PartitionIndex;

        /// <summary>-1 if there is none.</summary>
        public int LeaderId;

        public int LeaderEpoch = -1;
        public int[] ReplicaNodes = [];
        public int[] IsrNodes = [];
        public int[] OfflineReplicas = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Error(ref ErrorCode);
            codec.Int32(ref PartitionIndex);
            codec.Int32(ref LeaderId);
            codec.Int32(ref LeaderEpoch, since: 7);
            codec.Int32Array(ref ReplicaNodes);
            codec.Int32Array(ref IsrNodes);
            codec.Int32Array(ref OfflineReplicas, since: 5);
        }
    }
}
