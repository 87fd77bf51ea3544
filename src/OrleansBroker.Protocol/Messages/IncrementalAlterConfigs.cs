using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Changes single configuration values of resources (KIP-339).</summary>
/// <remarks>
/// <para>Versions: 1 is flexible.</para>
/// <para>Errors: per resource UnknownTopicOrPartition, InvalidTopicException, InvalidConfig, InvalidRequest (a key
/// twice, an operation that the key does not have), PolicyViolation.</para>
/// </remarks>
public sealed class IncrementalAlterConfigsRequest : IRequest<IncrementalAlterConfigsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.IncrementalAlterConfigs, VersionMin: 0, VersionMax: 1, FlexibleSince: 1);

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

        /// <summary>0 set, 1 delete, 2 append, 3 subtract.</summary>
        public sbyte ConfigOperation;

        public string? Value;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Int8(ref ConfigOperation);
            codec.NullableString(ref Value);
        }
    }
}

/// <summary>What became of each resource.</summary>
public sealed class IncrementalAlterConfigsResponse : IWireStruct
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
