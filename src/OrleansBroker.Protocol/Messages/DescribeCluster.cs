using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Asks for the cluster's id, its controller and its brokers.</summary>
/// <remarks>
/// <para>Versions: 1 says whether brokers or controllers are meant (KIP-919). 2 can include fenced brokers
/// (KIP-1073).</para>
/// <para>Errors: MismatchedEndpointType, UnsupportedEndpointType.</para>
/// </remarks>
public sealed class DescribeClusterRequest : IRequest<DescribeClusterResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.DescribeCluster, VersionMin: 0, VersionMax: 2, FlexibleSince: 0);

    public bool IncludeClusterAuthorizedOperations;

    /// <summary>1 brokers, 2 controllers.</summary>
    public sbyte EndpointType = 1;

    public bool IncludeFencedBrokers;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Boolean(ref IncludeClusterAuthorizedOperations);
        codec.Int8(ref EndpointType, since: 1);
        codec.Boolean(ref IncludeFencedBrokers, since: 2);
    }
}

/// <summary>The cluster, its controller and brokers.</summary>
public sealed class DescribeClusterResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public ErrorCode ErrorCode;
    public string? ErrorMessage;

    /// <summary>1 brokers, 2 controllers.</summary>
    public sbyte EndpointType = 1;

    public string ClusterId = string.Empty;
    public int ControllerId = -1;
    public DescribeClusterBroker[] Brokers = [];

    /// <summary>A bit for each operation that the client may do; the lowest value if it was not asked for.</summary>
    public int ClusterAuthorizedOperations = int.MinValue;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Error(ref ErrorCode);
        codec.NullableString(ref ErrorMessage);
        codec.Int8(ref EndpointType, since: 1);
        codec.String(ref ClusterId);
        codec.Int32(ref ControllerId);
        codec.Array(ref Brokers);
        codec.Int32(ref ClusterAuthorizedOperations);
    }

    public sealed class DescribeClusterBroker : IWireStruct
    {
        public int BrokerId;
        public string Host = string.Empty;
        public int Port;
        public string? Rack;
        public bool IsFenced;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref BrokerId);
            codec.String(ref Host);
            codec.Int32(ref Port);
            codec.NullableString(ref Rack);
            codec.Boolean(ref IsFenced, since: 2);
        }
    }
}
