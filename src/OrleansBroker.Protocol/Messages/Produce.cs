using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Appends record batches to partitions. With acks 0 there is no response.</summary>
/// <remarks>
/// <para>Versions: 3 is the oldest that carries record batch v2 (0 to 2 are advertised, because librdkafka otherwise
/// does not compress, and refused). 4 may be answered KafkaStorageError. 5 answers the log start offset. 7 may carry
/// zstd. 8 answers which records of a refused batch were bad (KIP-467). 10 names the new leader and its endpoint
/// (KIP-951). 11 and 12 belong to transactions (KIP-890). 13 names topics by id (KIP-516).</para>
/// <para>Errors: per partition, UnknownTopicOrPartition or UnknownTopicId, NotLeaderOrFollower, CorruptMessage,
/// MessageTooLarge, RecordListTooLarge, InvalidRecord, InvalidTimestamp, UnsupportedCompressionType,
/// OutOfOrderSequenceNumber, DuplicateSequenceNumber, InvalidProducerEpoch, NotEnoughReplicas,
/// NotEnoughReplicasAfterAppend, RequestTimedOut, KafkaStorageError; for every partition InvalidRequiredAcks.</para>
/// </remarks>
public sealed class ProduceRequest : IRequest<ProduceResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.Produce, VersionMin: 3, VersionMax: 13, FlexibleSince: 9) { AdvertisedMin = 0 };

    public string? TransactionalId;

    /// <summary>0 for no response, 1 once the leader has appended, -1 once all in-sync replicas have.</summary>
    public short Acks;

    /// <summary>How long acks -1 may wait for the in-sync replicas.</summary>
    public int TimeoutMs;

    public TopicProduceData[] TopicData = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.NullableString(ref TransactionalId);
        codec.Int16(ref Acks);
        codec.Int32(ref TimeoutMs);
        codec.Array(ref TopicData);
    }

    public struct TopicProduceData : IWireStruct
    {
        /// <summary>Until version 12; afterwards <see cref="TopicId"/>.</summary>
        public string Name = string.Empty;

        public Guid TopicId;
        public PartitionProduceData[] PartitionData = [];

        public TopicProduceData()
        {
        }

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name, until: 12);
            codec.Uuid(ref TopicId, since: 13);
            codec.Array(ref PartitionData);
        }
    }

    public struct PartitionProduceData : IWireStruct
    {
        public int Index;
        public RecordSet Records;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref Index);
            codec.Records(ref Records);
        }
    }
}

/// <summary>The offset that each partition gave the first record of what was appended to it.</summary>
public sealed class ProduceResponse : IWireStruct
{
    public TopicProduceResponse[] Responses = [];
    public int ThrottleTimeMs;

    /// <summary>The endpoints of the leaders that are named in the partitions.</summary>
    public NodeEndpoint[] NodeEndpoints = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Array(ref Responses);
        codec.Int32(ref ThrottleTimeMs);
        codec.TaggedArray(0, ref NodeEndpoints, since: 10);
    }

    public struct TopicProduceResponse : IWireStruct
    {
        /// <summary>Until version 12; afterwards <see cref="TopicId"/>.</summary>
        public string Name = string.Empty;

        public Guid TopicId;
        public PartitionProduceResponse[] PartitionResponses = [];

        public TopicProduceResponse()
        {
        }

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Name, until: 12);
            codec.Uuid(ref TopicId, since: 13);
            codec.Array(ref PartitionResponses);
        }
    }

    public struct PartitionProduceResponse : IWireStruct
    {
        public int Index;
        public ErrorCode ErrorCode;

        /// <summary>The offset of the first record, -1 if there was an error.</summary>
        public long BaseOffset;

        /// <summary>-1 unless the topic's timestamps are those of the append.</summary>
        public long LogAppendTimeMs = -1;

        public long LogStartOffset = -1;
        public BatchIndexAndErrorMessage[] RecordErrors = [];
        public string? ErrorMessage;

        /// <summary>With NotLeaderOrFollower: who leads, if this broker knows it.</summary>
        public LeaderIdAndEpoch? CurrentLeader;

        public PartitionProduceResponse()
        {
        }

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref Index);
            codec.Error(ref ErrorCode);
            codec.Int64(ref BaseOffset);
            codec.Int64(ref LogAppendTimeMs);
            codec.Int64(ref LogStartOffset, since: 5);
            codec.Array(ref RecordErrors, since: 8);
            codec.NullableString(ref ErrorMessage, since: 8);
            codec.TaggedStruct(0, ref CurrentLeader, since: 10);
        }
    }

    public struct BatchIndexAndErrorMessage : IWireStruct
    {
        public int BatchIndex;
        public string? BatchIndexErrorMessage;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref BatchIndex);
            codec.NullableString(ref BatchIndexErrorMessage);
        }
    }

    public sealed class LeaderIdAndEpoch : IWireStruct
    {
        public int LeaderId = -1;
        public int LeaderEpoch = -1;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref LeaderId);
            codec.Int32(ref LeaderEpoch);
        }
    }

    public sealed class NodeEndpoint : IWireStruct
    {
        public int NodeId;
        public string Host = string.Empty;
        public int Port;
        public string? Rack;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Int32(ref NodeId);
            codec.String(ref Host);
            codec.Int32(ref Port);
            codec.NullableString(ref Rack);
        }
    }
}
