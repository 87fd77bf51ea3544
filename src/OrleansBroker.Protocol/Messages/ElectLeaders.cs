using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Has partitions led by their preferred replica, or by any replica where they have no leader (KIP-183, KIP-460).</summary>
/// <remarks>
/// <para>Versions: 1 says which election. 2 is flexible.</para>
/// <para>Errors: for the whole InvalidRequest (no such election), ClusterAuthorizationFailed, NotController; per partition
/// UnknownTopicOrPartition, ElectionNotNeeded, PreferredLeaderNotAvailable, EligibleLeadersNotAvailable, RequestTimedOut.</para>
/// </remarks>
public sealed class ElectLeadersRequest : IRequest<ElectLeadersResponse>
{
    /// <summary>Elects the first assigned replica, if it is in sync.</summary>
    public const sbyte Preferred = 0;

    /// <summary>Elects a replica that is out of sync where there is no leader, at the price of lost records.</summary>
    public const sbyte Unclean = 1;

    public static ApiDescription Api { get; } = new(ApiKey.ElectLeaders, VersionMin: 0, VersionMax: 2, FlexibleSince: 2);

    public sbyte ElectionType;

    /// <summary>Null for all partitions.</summary>
    public TopicPartitions[]? Topics = [];

    public int TimeoutMs = 60_000;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int8(ref ElectionType, since: 1);
        codec.NullableArray(ref Topics);
        codec.Int32(ref TimeoutMs);
    }

    public sealed class TopicPartitions : IWireStruct
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

/// <summary>What became of each partition's election.</summary>
public sealed class ElectLeadersResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public ErrorCode ErrorCode;
    public ReplicaElectionResult[] ReplicaElectionResults = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Error(ref ErrorCode, since: 1);
        codec.Array(ref ReplicaElectionResults);
    }

    public sealed class ReplicaElectionResult : IWireStruct
    {
        public string Topic = string.Empty;
        public PartitionResult[] PartitionResults = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Topic);
            codec.Array(ref PartitionResults);
        }
    }

    public sealed class PartitionResult : IWireStruct
    {
        public int PartitionId;
        public ErrorCode ErrorCode;
        public string? ErrorMessage;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionId);
            codec.Error(ref ErrorCode);
            codec.NullableString(ref ErrorMessage);
        }
    }
}
