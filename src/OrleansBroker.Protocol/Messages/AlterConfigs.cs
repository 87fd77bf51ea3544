using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Replaces the whole dynamic configuration of resources: what is not named goes back to its default. Kept for old clients; <see cref="IncrementalAlterConfigsRequest"/> changes single values.</summary>
/// <remarks>
/// <para>Versions: 1 is as 0. 2 is flexible.</para>
/// <para>Errors: per resource UnknownTopicOrPartition, InvalidTopicException, InvalidConfig, InvalidRequest,
/// PolicyViolation.</para>
/// </remarks>
public sealed class AlterConfigsRequest : IRequest<AlterConfigsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.AlterConfigs, VersionMin: 0, VersionMax: 2, FlexibleSince: 2);

    public AlterConfigsResource[] Resources = [];
    public bool ValidateOnly;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Array(ref Resources);
        codec.Boolean(ref ValidateOnly);
    }

    public sealed class AlterConfigsResource : IWireStruct
    {
        /// <summary>2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group.</summary>
        public sbyte ResourceType;

        public string ResourceName = string.Empty;
        public AlterableConfig[] Configs = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int8(ref ResourceType);
            codec.String(ref ResourceName);
            codec.Array(ref Configs);
        }
    }

    public sealed class AlterableConfig : IWireStruct
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

/// <summary>What became of each resource.</summary>
public sealed class AlterConfigsResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public AlterConfigsResourceResponse[] Responses = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Array(ref Responses);
    }

    public sealed class AlterConfigsResourceResponse : IWireStruct
    {
        public ErrorCode ErrorCode;
        public string? ErrorMessage;
        public sbyte ResourceType;
        public string ResourceName = string.Empty;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Error(ref ErrorCode);
            codec.NullableString(ref ErrorMessage);
            codec.Int8(ref ResourceType);
            codec.String(ref ResourceName);
        }
    }
}
