using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Lists the moves of replicas that are under way (KIP-455).</summary>
/// <remarks>
/// <para>Versions: 0 is the only one.</para>
/// <para>Errors: for the whole ClusterAuthorizationFailed, NotController, RequestTimedOut. A partition that does not exist, or that
/// is not moved, is left out.</para>
/// </remarks>
public sealed class ListPartitionReassignmentsRequest : IRequest<ListPartitionReassignmentsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.ListPartitionReassignments, VersionMin: 0, VersionMax: 0, FlexibleSince: 0);

    public int TimeoutMs = 60_000;

    /// <summary>Null for all.</summary>
    public ListPartitionReassignmentsTopics[]? Topics;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref TimeoutMs);
        codec.NullableArray(ref Topics);
    }

    public sealed class ListPartitionReassignmentsTopics : IWireStruct
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
}

/// <summary>The moves that are under way.</summary>
public sealed class ListPartitionReassignmentsResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public ErrorCode ErrorCode;
    public string? ErrorMessage;
    public OngoingTopicReassignment[] Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Error(ref ErrorCode);
        codec.NullableString(ref ErrorMessage);
        codec.Array(ref Topics);
    }

    public sealed class OngoingTopicReassignment : IWireStruct
    {
        public string Name = string.Empty;
        public OngoingPartitionReassignment[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Array(ref Partitions);
        }
    }

    public sealed class OngoingPartitionReassignment : IWireStruct
    {
        public int PartitionIndex;

        /// <summary>All that hold the partition now, those that come and those that go included.</summary>
        public int[] Replicas = [];

        public int[] AddingReplicas = [];
        public int[] RemovingReplicas = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Int32Array(ref Replicas);
            codec.Int32Array(ref AddingReplicas);
            codec.Int32Array(ref RemovingReplicas);
        }
    }
}
