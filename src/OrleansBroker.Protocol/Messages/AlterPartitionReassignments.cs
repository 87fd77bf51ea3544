using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Moves partitions to other replicas, or cancels such moves (KIP-455).</summary>
/// <remarks>
/// <para>Versions: 1 may forbid that the number of replicas changes (KIP-860).</para>
/// <para>Errors: for the whole ClusterAuthorizationFailed, NotController, RequestTimedOut; per partition UnknownTopicOrPartition,
/// InvalidReplicaAssignment, InvalidReplicationFactor, NoReassignmentInProgress, RequestTimedOut.</para>
/// </remarks>
public sealed class AlterPartitionReassignmentsRequest : IRequest<AlterPartitionReassignmentsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.AlterPartitionReassignments, VersionMin: 0, VersionMax: 1, FlexibleSince: 0);

    public int TimeoutMs = 60_000;
    public bool AllowReplicationFactorChange = true;
    public ReassignableTopic[] Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref TimeoutMs);
        codec.Boolean(ref AllowReplicationFactorChange, since: 1);
        codec.Array(ref Topics);
    }

    public sealed class ReassignableTopic : IWireStruct
    {
        public string Name = string.Empty;
        public ReassignablePartition[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Array(ref Partitions);
        }
    }

    public sealed class ReassignablePartition : IWireStruct
    {
        public int PartitionIndex;

        /// <summary>The replicas to move to, the preferred leader first; null to cancel the move that is under way.</summary>
        public int[]? Replicas;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.NullableInt32Array(ref Replicas);
        }
    }
}

/// <summary>Whether each move has begun, or was cancelled.</summary>
public sealed class AlterPartitionReassignmentsResponse : IWireStruct
{
    public int ThrottleTimeMs;

    /// <summary>As it was asked for.</summary>
    public bool AllowReplicationFactorChange = true;

    public ErrorCode ErrorCode;
    public string? ErrorMessage;
    public ReassignableTopicResponse[] Responses = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Boolean(ref AllowReplicationFactorChange, since: 1);
        codec.Error(ref ErrorCode);
        codec.NullableString(ref ErrorMessage);
        codec.Array(ref Responses);
    }

    public sealed class ReassignableTopicResponse : IWireStruct
    {
        public string Name = string.Empty;
        public ReassignablePartitionResponse[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Array(ref Partitions);
        }
    }

    public sealed class ReassignablePartitionResponse : IWireStruct
    {
        public int PartitionIndex;
        public ErrorCode ErrorCode;
        public string? ErrorMessage;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Error(ref ErrorCode);
            codec.NullableString(ref ErrorMessage);
        }
    }
}
