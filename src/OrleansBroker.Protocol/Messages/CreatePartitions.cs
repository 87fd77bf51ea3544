using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Adds partitions to topics. The count is the new total, never less than the present one.</summary>
/// <remarks>
/// <para>Versions: 1 is as 0. 2 is flexible. 3 may be answered ThrottlingQuotaExceeded.</para>
/// <para>Errors: per topic UnknownTopicOrPartition, InvalidPartitions, InvalidReplicaAssignment, InvalidRequest,
/// ReassignmentInProgress, RequestTimedOut, NotController.</para>
/// </remarks>
public sealed class CreatePartitionsRequest : IRequest<CreatePartitionsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.CreatePartitions, VersionMin: 0, VersionMax: 3, FlexibleSince: 2);

    public CreatePartitionsTopic[] Topics = [];
    public int TimeoutMs;
    public bool ValidateOnly;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Array(ref Topics);
        codec.Int32(ref TimeoutMs);
        codec.Boolean(ref ValidateOnly);
    }

    public sealed class CreatePartitionsTopic : IWireStruct
    {
        public string Name = string.Empty;

        /// <summary>The new number of partitions in all.</summary>
        public int Count;

        /// <summary>The replicas of each new partition, the first the leader; null to let the broker choose.</summary>
        public CreatePartitionsAssignment[]? Assignments = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Int32(ref Count);
            codec.NullableArray(ref Assignments);
        }
    }

    public sealed class CreatePartitionsAssignment : IWireStruct
    {
        public int[] BrokerIds = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32Array(ref BrokerIds);
        }
    }
}

/// <summary>What became of each topic.</summary>
public sealed class CreatePartitionsResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public CreatePartitionsTopicResult[] Results = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Array(ref Results);
    }

    public sealed class CreatePartitionsTopicResult : IWireStruct
    {
        public string Name = string.Empty;
        public ErrorCode ErrorCode;
        public string? ErrorMessage;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Error(ref ErrorCode);
            codec.NullableString(ref ErrorMessage);
        }
    }
}
