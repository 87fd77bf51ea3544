using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Asks for the producers that a partition's leader remembers (KIP-664).</summary>
/// <remarks>
/// <para>Versions: 0 is the only one.</para>
/// <para>Errors: per partition UnknownTopicOrPartition, NotLeaderOrFollower, InvalidTopicException.</para>
/// </remarks>
public sealed class DescribeProducersRequest : IRequest<DescribeProducersResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.DescribeProducers, VersionMin: 0, VersionMax: 0, FlexibleSince: 0);

    public TopicRequest[] Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Array(ref Topics);
    }

    public sealed class TopicRequest : IWireStruct
    {
        public string Name = string.Empty;
        public int[] PartitionIndexes = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Int32Array(ref PartitionIndexes);
        }
    }
}

/// <summary>The active producers of each partition.</summary>
public sealed class DescribeProducersResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public TopicResponse[] Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Array(ref Topics);
    }

    public sealed class TopicResponse : IWireStruct
    {
        public string Name = string.Empty;
        public PartitionResponse[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Array(ref Partitions);
        }
    }

    public sealed class PartitionResponse : IWireStruct
    {
        public int PartitionIndex;
        public ErrorCode ErrorCode;
        public string? ErrorMessage;
        public ProducerState[] ActiveProducers = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Error(ref ErrorCode);
            codec.NullableString(ref ErrorMessage);
            codec.Array(ref ActiveProducers);
        }
    }

    public sealed class ProducerState : IWireStruct
    {
        public long ProducerId;
        public int ProducerEpoch;

        /// <summary>-1 if none.</summary>
        public int LastSequence = -1;

        public long LastTimestamp = -1;

        /// <summary>Of the transaction coordinator that last wrote a marker, -1 if none.</summary>
        public int CoordinatorEpoch;

        /// <summary>-1 if no transaction is open.</summary>
        public long CurrentTxnStartOffset = -1;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int64(ref ProducerId);
            codec.Int32(ref ProducerEpoch);
            codec.Int32(ref LastSequence);
            codec.Int64(ref LastTimestamp);
            codec.Int32(ref CoordinatorEpoch);
            codec.Int64(ref CurrentTxnStartOffset);
        }
    }
}
