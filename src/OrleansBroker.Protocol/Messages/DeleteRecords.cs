using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Deletes the records below given offsets by moving the log start offset up.</summary>
/// <remarks>
/// <para>Versions: 1 is as 0. 2 is flexible.</para>
/// <para>Errors: per partition OffsetOutOfRange, UnknownTopicOrPartition, NotLeaderOrFollower, PolicyViolation (a topic
/// without cleanup policy delete), RequestTimedOut, KafkaStorageError.</para>
/// </remarks>
public sealed class DeleteRecordsRequest : IRequest<DeleteRecordsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.DeleteRecords, VersionMin: 0, VersionMax: 2, FlexibleSince: 2);

    public DeleteRecordsTopic[] Topics = [];
    public int TimeoutMs;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Array(ref Topics);
        codec.Int32(ref TimeoutMs);
    }

    public sealed class DeleteRecordsTopic : IWireStruct
    {
        public string Name = string.Empty;
        public DeleteRecordsPartition[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Array(ref Partitions);
        }
    }

    public sealed class DeleteRecordsPartition : IWireStruct
    {
        public int PartitionIndex;

        /// <summary>The first offset to be kept, -1 for the high watermark.</summary>
        public long Offset;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Int64(ref Offset);
        }
    }
}

/// <summary>The log start offset of each partition afterwards.</summary>
public sealed class DeleteRecordsResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public DeleteRecordsTopicResult[] Topics = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Array(ref Topics);
    }

    public sealed class DeleteRecordsTopicResult : IWireStruct
    {
        public string Name = string.Empty;
        public DeleteRecordsPartitionResult[] Partitions = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name);
            codec.Array(ref Partitions);
        }
    }

    public sealed class DeleteRecordsPartitionResult : IWireStruct
    {
        public int PartitionIndex;

        /// <summary>The log start offset, -1 if there was an error.</summary>
        public long LowWatermark;

        public ErrorCode ErrorCode;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref PartitionIndex);
            codec.Int64(ref LowWatermark);
            codec.Error(ref ErrorCode);
        }
    }
}
