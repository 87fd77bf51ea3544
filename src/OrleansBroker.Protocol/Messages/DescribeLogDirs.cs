using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Describes a broker's data directories and the size of each partition in them.</summary>
/// <remarks>
/// <para>Versions: 2 is flexible. 3 adds an error for the whole. 4 answers the size of the volume and what is usable of
/// it (KIP-827).</para>
/// <para>Errors: for the whole ClusterAuthorizationFailed; per directory KafkaStorageError.</para>
/// </remarks>
public sealed class DescribeLogDirsRequest : IRequest<DescribeLogDirsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.DescribeLogDirs, VersionMin: 1, VersionMax: 4, FlexibleSince: 2);

    /// <summary>Null for all.</summary>
    public DescribableLogDirTopic[]? Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.NullableArray(ref Topics);
    }

    public sealed class DescribableLogDirTopic : IWireStruct
    {
        public string Topic = string.Empty;
        public int[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Topic);
            codec.Int32Array(ref Partitions);
        }
    }
}

/// <summary>The data directories; partitions only where they were asked for.</summary>
public sealed class DescribeLogDirsResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public ErrorCode ErrorCode;
    public DescribeLogDirsResult[] Results = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Error(ref ErrorCode, since: 3);
        codec.Array(ref Results);
    }

    public sealed class DescribeLogDirsResult : IWireStruct
    {
        public ErrorCode ErrorCode;
        public string LogDir = string.Empty;
        public DescribeLogDirsTopic[] Topics = [];

        /// <summary>Of the volume, -1 if unknown.</summary>
        public long TotalBytes = -1;

        /// <summary>Of the volume, -1 if unknown.</summary>
        public long UsableBytes = -1;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Error(ref ErrorCode);
            codec.String(ref LogDir);
            codec.Array(ref Topics);
            codec.Int64(ref TotalBytes, since: 4);
            codec.Int64(ref UsableBytes, since: 4);
        }
    }

    public sealed class DescribeLogDirsTopic : IWireStruct
    {
        public string Name = string.Empty;
        public DescribeLogDirsPartition[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Array(ref Partitions);
        }
    }

    public sealed class DescribeLogDirsPartition : IWireStruct
    {
        public int PartitionIndex;
        public long PartitionSize;

        /// <summary>How far the replica is behind the high watermark.</summary>
        public long OffsetLag;

        /// <summary>The replica is being moved into this directory.</summary>
        public bool IsFutureKey;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Int64(ref PartitionSize);
            codec.Int64(ref OffsetLag);
            codec.Boolean(ref IsFutureKey);
        }
    }
}
