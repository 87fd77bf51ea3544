using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Asks which versions of which APIs the broker serves: the first request on most connections.</summary>
/// <remarks>
/// <para>Versions: 0 to 2 have no fields. 3 names the client software (KIP-511). 4 may be answered features whose
/// lowest version is 0. A version above 4 is answered with a version 0 body: UnsupportedVersion and the table.</para>
/// <para>Errors: UnsupportedVersion, InvalidRequest (a client software name or version with other characters than
/// letters, digits, dot and dash).</para>
/// </remarks>
public sealed class ApiVersionsRequest : IRequest<ApiVersionsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.ApiVersions, VersionMin: 0, VersionMax: 4, FlexibleSince: 3);

    public string ClientSoftwareName = string.Empty;
    public string ClientSoftwareVersion = string.Empty;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.String(ref ClientSoftwareName, since: 3);
        codec.String(ref ClientSoftwareVersion, since: 3);
    }
}

/// <summary>The table of APIs and versions. Its header is always of version 0.</summary>
public sealed class ApiVersionsResponse : IWireStruct
{
    public ErrorCode ErrorCode;
    public ApiVersion[] ApiKeys = [];
    public int ThrottleTimeMs;
    public SupportedFeatureKey[] SupportedFeatures = [];

    /// <summary>-1 if unknown.</summary>
    public long FinalizedFeaturesEpoch = -1;

    public FinalizedFeatureKey[] FinalizedFeatures = [];
    public bool ZkMigrationReady;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Error(ref ErrorCode);
        codec.Array(ref ApiKeys);
        codec.Int32(ref ThrottleTimeMs, since: 1);
        codec.TaggedArray(0, ref SupportedFeatures);
        codec.Tagged(1, ref FinalizedFeaturesEpoch, absent: -1);
        codec.TaggedArray(2, ref FinalizedFeatures);
        codec.Tagged(3, ref ZkMigrationReady);
    }

    public sealed class ApiVersion : IWireStruct
    {
        /// <summary>The <see cref="Protocol.ApiKey"/>.</summary>
        public short ApiKey;

        public short MinVersion;
        public short MaxVersion;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int16(ref ApiKey);
            codec.Int16(ref MinVersion);
            codec.Int16(ref MaxVersion);
        }
    }

    public sealed class SupportedFeatureKey : IWireStruct
    {
        public string Name = string.Empty;
        public short MinVersion;
        public short MaxVersion;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Int16(ref MinVersion);
            codec.Int16(ref MaxVersion);
        }
    }

    public sealed class FinalizedFeatureKey : IWireStruct
    {
        public string Name = string.Empty;
        public short MaxVersionLevel;
        public short MinVersionLevel;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Int16(ref MaxVersionLevel);
            codec.Int16(ref MinVersionLevel);
        }
    }
}
