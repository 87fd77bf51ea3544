using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Describes the effective configuration of topics, brokers and groups.</summary>
/// <remarks>
/// <para>Versions: 1 adds synonyms and tells where each value comes from (KIP-226). 3 adds types and documentation
/// (KIP-569).</para>
/// <para>Errors: per resource UnknownTopicOrPartition, InvalidTopicException, InvalidRequest (an unknown broker or
/// resource type).</para>
/// </remarks>
public sealed class DescribeConfigsRequest : IRequest<DescribeConfigsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.DescribeConfigs, VersionMin: 1, VersionMax: 4, FlexibleSince: 4);

    public DescribeConfigsResource[] Resources = [];
    public bool IncludeSynonyms;
    public bool IncludeDocumentation;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Array(ref Resources);
        codec.Boolean(ref IncludeSynonyms);
        codec.Boolean(ref IncludeDocumentation, since: 3);
    }

    public sealed class DescribeConfigsResource : IWireStruct
    {
        /// <summary>2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group.</summary>
        public sbyte ResourceType;

        public string ResourceName = string.Empty;

        /// <summary>Null for all.</summary>
        public string[]? ConfigurationKeys = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int8(ref ResourceType);
            codec.String(ref ResourceName);
            codec.NullableStringArray(ref ConfigurationKeys);
        }
    }
}

/// <summary>The configuration of each resource.</summary>
public sealed class DescribeConfigsResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public DescribeConfigsResult[] Results = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Array(ref Results);
    }

    public sealed class DescribeConfigsResult : IWireStruct
    {
        public ErrorCode ErrorCode;
        public string? ErrorMessage;
        public sbyte ResourceType;
        public string ResourceName = string.Empty;
        public DescribeConfigsResourceResult[] Configs = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Error(ref ErrorCode);
            codec.NullableString(ref ErrorMessage);
            codec.Int8(ref ResourceType);
            codec.String(ref ResourceName);
            codec.Array(ref Configs);
        }
    }

    public sealed class DescribeConfigsResourceResult : IWireStruct
    {
        public string Name = string.Empty;

        /// <summary>Null if sensitive.</summary>
        public string? Value;

        public bool ReadOnly;

        /// <summary>1 topic, 2 broker, 3 default for all brokers, 4 the broker's file, 5 default, 6 broker logger, 7 client metrics, 8 group.</summary>
        public sbyte ConfigSource = -1;

        public bool IsSensitive;

        /// <summary>Where else a value for the key is set, the effective one first.</summary>
        public DescribeConfigsSynonym[] Synonyms = [];

        /// <summary>0 unknown, 1 boolean, 2 string, 3 int, 4 short, 5 long, 6 double, 7 list, 8 class, 9 password.</summary>
        public sbyte ConfigType;

        public string? Documentation;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.NullableString(ref Value);
            codec.Boolean(ref ReadOnly);
            codec.Int8(ref ConfigSource);
            codec.Boolean(ref IsSensitive);
            codec.Array(ref Synonyms);
            codec.Int8(ref ConfigType, since: 3);
            codec.NullableString(ref Documentation, since: 3);
        }
    }

    public sealed class DescribeConfigsSynonym : IWireStruct
    {
        public string Name = string.Empty;
        public string? Value;

        /// <summary>As <see cref="DescribeConfigsResourceResult.ConfigSource"/>.</summary>
        public sbyte Source;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.NullableString(ref Value);
            codec.Int8(ref Source);
        }
    }
}
