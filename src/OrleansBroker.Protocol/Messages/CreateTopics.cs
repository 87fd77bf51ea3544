using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Creates topics, each on its own: some may be refused while others are created.</summary>
/// <remarks>
/// <para>Versions: 4 takes -1 for the default partition count and replication factor (KIP-464). 5 answers what was
/// created, configuration included (KIP-525). 6 may be answered ThrottlingQuotaExceeded. 7 answers topic ids.</para>
/// <para>Errors: per topic TopicAlreadyExists, InvalidTopicException, InvalidPartitions, InvalidReplicationFactor,
/// InvalidReplicaAssignment, InvalidConfig, InvalidRequest, PolicyViolation, RequestTimedOut, NotController.</para>
/// </remarks>
public sealed class CreateTopicsRequest : IRequest<CreateTopicsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.CreateTopics, VersionMin: 2, VersionMax: 7, FlexibleSince: 5);

    public CreatableTopic[] Topics = [];
    public int TimeoutMs = 60000;

    /// <summary>Check, and create nothing.</summary>
    public bool ValidateOnly;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Array(ref Topics);
        codec.Int32(ref TimeoutMs);
        codec.Boolean(ref ValidateOnly);
    }

    public sealed class CreatableTopic : IWireStruct
    {
        public string Name = string.Empty;

        /// <summary>-1 for the default, or if there are <see cref="Assignments"/>.</summary>
        public int NumPartitions;

        /// <summary>-1 for the default, or if there are <see cref="Assignments"/>.</summary>
        public short ReplicationFactor;

        /// <summary>The replicas of each partition; empty to let the broker choose.</summary>
        public CreatableReplicaAssignment[] Assignments = [];

        public CreatableTopicConfig[] Configs = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Int32(ref NumPartitions);
            codec.Int16(ref ReplicationFactor);
            codec.Array(ref Assignments);
            codec.Array(ref Configs);
        }
    }

    public sealed class CreatableReplicaAssignment : IWireStruct
    {
        public int PartitionIndex;

        /// <summary>The replicas, the first the preferred leader.</summary>
        public int[] BrokerIds = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Int32Array(ref BrokerIds);
        }
    }

    public sealed class CreatableTopicConfig : IWireStruct
    {
        public string Name = string.Empty;
        public string? Value;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.NullableString(ref Value);
        }
    }
}

/// <summary>What became of each topic.</summary>
public sealed class CreateTopicsResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public CreatableTopicResult[] Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Array(ref Topics);
    }

    public sealed class CreatableTopicResult : IWireStruct
    {
        public string Name = string.Empty;
        public Guid TopicId;
        public ErrorCode ErrorCode;
        public string? ErrorMessage;

        /// <summary>Why there is no <see cref="Configs"/>.</summary>
        public ErrorCode TopicConfigErrorCode;

        public int NumPartitions = -1;
        public short ReplicationFactor = -1;
        public CreatableTopicConfigs[]? Configs = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Uuid(ref TopicId, since: 7);
            codec.Error(ref ErrorCode);
            codec.NullableString(ref ErrorMessage);
            codec.Int32(ref NumPartitions, since: 5);
            codec.Int16(ref ReplicationFactor, since: 5);
            codec.NullableArray(ref Configs, since: 5);
            codec.Tagged(0, ref TopicConfigErrorCode);
        }
    }

    public sealed class CreatableTopicConfigs : IWireStruct
    {
        public string Name = string.Empty;
        public string? Value;
        public bool ReadOnly;

        /// <summary>As <see cref="DescribeConfigsResponse.DescribeConfigsResourceResult.ConfigSource"/>.</summary>
        public sbyte ConfigSource = -1;

        public bool IsSensitive;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.NullableString(ref Value);
            codec.Boolean(ref ReadOnly);
            codec.Int8(ref ConfigSource);
            codec.Boolean(ref IsSensitive);
        }
    }
}
