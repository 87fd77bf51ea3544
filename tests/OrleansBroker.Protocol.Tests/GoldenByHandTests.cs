using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Tests;

/// <summary>Encodings derived by hand from the protocol's description, one line a field; no code of ours had part in them.</summary>
public sealed class GoldenByHandTests
{
    private static readonly Guid TopicId = new("01020304-0506-0708-090a-0b0c0d0e0f10");
    private static readonly byte[] TopicIdBytes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    [Fact]
    public void ApiVersions_v0_has_no_body_and_no_header_tags() =>
        Assert.Equal(
            [
                0, 0, 0, 11, // size
                0, 18, // api key
                0, 0, // version
                0, 0, 0, 7, // correlation id
                0, 1, (byte)'c', // client id
            ],
            RequestFraming.Write(new ApiVersionsRequest(), 0, 7, "c"));

    [Fact]
    public void ApiVersions_v3_keeps_the_old_form_of_the_client_id() =>
        Assert.Equal(
            [
                0, 0, 0, 17, // size
                0, 18, // api key
                0, 3, // version
                0, 0, 0, 7, // correlation id
                0xFF, 0xFF, // client id: null
                0, // tags of the header
                3, (byte)'n', (byte)'a', // client software name
                2, (byte)'1', // client software version
                0, // tags
            ],
            RequestFraming.Write(new ApiVersionsRequest { ClientSoftwareName = "na", ClientSoftwareVersion = "1" }, 3, 7, null));

    [Fact]
    public void Fetch_v12_names_topics_and_tags_the_cluster_id() =>
        AssertBody(
            new FetchRequest
            {
                ReplicaId = -1, MaxWaitMs = 500, MinBytes = 1, MaxBytes = 0x01000000, IsolationLevel = 1, SessionId = 9, SessionEpoch = 2, ClusterId = "c",
                Topics = [new() { Topic = "t", Partitions = [new() { Partition = 3, CurrentLeaderEpoch = 4, FetchOffset = 5, PartitionMaxBytes = 6 }] }],
                ForgottenTopicsData = [new() { Topic = "u", Partitions = [1, 2] }],
            },
            version: 12,
            [
                0xFF, 0xFF, 0xFF, 0xFF, // replica id
                0, 0, 1, 0xF4, // max wait
                0, 0, 0, 1, // min bytes
                1, 0, 0, 0, // max bytes
                1, // isolation level
                0, 0, 0, 9, // session id
                0, 0, 0, 2, // session epoch
                2, // topics: one
                2, (byte)'t',
                2, // partitions: one
                0, 0, 0, 3, // partition
                0, 0, 0, 4, // current leader epoch
                0, 0, 0, 0, 0, 0, 0, 5, // fetch offset
                0xFF, 0xFF, 0xFF, 0xFF, // last fetched epoch
                0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, // log start offset
                0, 0, 0, 6, // partition max bytes
                0, // tags of the partition
                0, // tags of the topic
                2, // forgotten topics: one
                2, (byte)'u',
                3, 0, 0, 0, 1, 0, 0, 0, 2, // partitions
                0, // tags of the forgotten topic
                1, // rack id: empty
                1, 0, 2, 2, (byte)'c', // one tag: 0, two bytes, the cluster id
            ]);

    [Fact]
    public void Fetch_v18_names_topics_by_id_and_tags_the_replica_and_its_high_watermark() =>
        AssertBody(
            new FetchRequest
            {
                MaxWaitMs = 500, MinBytes = 1, MaxBytes = 0x01000000,
                ReplicaState = new() { ReplicaId = 2, ReplicaEpoch = 8 },
                Topics = [new() { TopicId = TopicId, Partitions = [new() { Partition = 3, FetchOffset = 5, PartitionMaxBytes = 6, ReplicaDirectoryId = TopicId, HighWatermark = 4 }] }],
            },
            version: 18,
            [
                0, 0, 1, 0xF4, // max wait
                0, 0, 0, 1, // min bytes
                1, 0, 0, 0, // max bytes
                0, // isolation level
                0, 0, 0, 0, // session id
                0xFF, 0xFF, 0xFF, 0xFF, // session epoch
                2, // topics: one
                .. TopicIdBytes,
                2, // partitions: one
                0, 0, 0, 3, // partition
                0xFF, 0xFF, 0xFF, 0xFF, // current leader epoch
                0, 0, 0, 0, 0, 0, 0, 5, // fetch offset
                0xFF, 0xFF, 0xFF, 0xFF, // last fetched epoch
                0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, // log start offset
                0, 0, 0, 6, // partition max bytes
                2, // tags of the partition: two
                0, 16, .. TopicIdBytes, // replica directory id
                1, 8, 0, 0, 0, 0, 0, 0, 0, 4, // high watermark
                0, // tags of the topic
                1, // forgotten topics: none
                1, // rack id: empty
                1, // one tag
                1, 13, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 8, 0, // replica state: id, epoch, tags
            ]);

    [Fact]
    public void A_Fetch_response_v13_has_records_of_any_length_behind_a_compact_length() =>
        AssertFrame(
            new FetchResponse
            {
                SessionId = 9,
                Responses =
                [
                    new()
                    {
                        TopicId = TopicId,
                        Partitions =
                        [
                            new()
                            {
                                PartitionIndex = 3, ErrorCode = ErrorCode.NotLeaderOrFollower, HighWatermark = 10, LastStableOffset = 10, LogStartOffset = 1,
                                CurrentLeader = new() { LeaderId = 2, LeaderEpoch = 5 }, Records = new RecordSet(new byte[] { 7, 7 }),
                            },
                        ],
                    },
                ],
            },
            FetchRequest.Api,
            version: 13,
            [
                0, 0, 0, 1, // correlation id
                0, // tags of the header
                0, 0, 0, 0, // throttle time
                0, 0, // error code
                0, 0, 0, 9, // session id
                2, // topics: one
                .. TopicIdBytes,
                2, // partitions: one
                0, 0, 0, 3, // partition
                0, 6, // error code
                0, 0, 0, 0, 0, 0, 0, 10, // high watermark
                0, 0, 0, 0, 0, 0, 0, 10, // last stable offset
                0, 0, 0, 0, 0, 0, 0, 1, // log start offset
                0, // aborted transactions: null
                0xFF, 0xFF, 0xFF, 0xFF, // preferred read replica
                3, 7, 7, // records
                1, // one tag of the partition
                1, 9, 0, 0, 0, 2, 0, 0, 0, 5, 0, // current leader: id, epoch, tags
                0, // tags of the topic
                0, // tags
            ]);

    [Fact]
    public void A_Metadata_response_v13_ends_in_an_error_code() =>
        AssertFrame(
            new MetadataResponse
            {
                Brokers = [new() { NodeId = 1, Host = "h", Port = 9092 }], ClusterId = "c", ControllerId = 1,
                Topics =
                [
                    new()
                    {
                        Name = "t", TopicId = TopicId,
                        Partitions = [new() { LeaderId = 1, LeaderEpoch = 2, ReplicaNodes = [1], IsrNodes = [1] }],
                    },
                ],
            },
            MetadataRequest.Api,
            version: 13,
            [
                0, 0, 0, 1, // correlation id
                0, // tags of the header
                0, 0, 0, 0, // throttle time
                2, // brokers: one
                0, 0, 0, 1, // node id
                2, (byte)'h', // host
                0, 0, 0x23, 0x84, // port
                0, // rack: null
                0, // tags of the broker
                2, (byte)'c', // cluster id
                0, 0, 0, 1, // controller id
                2, // topics: one
                0, 0, // error code
                2, (byte)'t', // name
                .. TopicIdBytes,
                0, // is internal
                2, // partitions: one
                0, 0, // error code
                0, 0, 0, 0, // partition
                0, 0, 0, 1, // leader id
                0, 0, 0, 2, // leader epoch
                2, 0, 0, 0, 1, // replicas
                2, 0, 0, 0, 1, // in-sync replicas
                1, // offline replicas: none
                0, // tags of the partition
                0x80, 0, 0, 0, // authorized operations of the topic
                0, // tags of the topic
                0, 0, // error code
                0, // tags
            ]);

    [Fact]
    public void A_Produce_response_v8_tells_the_record_that_was_bad() =>
        AssertFrame(
            new ProduceResponse
            {
                Responses =
                [
                    new()
                    {
                        Name = "t",
                        PartitionResponses =
                        [
                            new()
                            {
                                Index = 1, ErrorCode = ErrorCode.InvalidRecord, BaseOffset = -1,
                                RecordErrors = [new() { BatchIndex = 2, BatchIndexErrorMessage = "no" }], ErrorMessage = "e",
                            },
                        ],
                    },
                ],
            },
            ProduceRequest.Api,
            version: 8,
            [
                0, 0, 0, 1, // correlation id
                0, 0, 0, 1, // topics: one
                0, 1, (byte)'t',
                0, 0, 0, 1, // partitions: one
                0, 0, 0, 1, // partition
                0, 87, // error code
                0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, // base offset
                0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, // log append time
                0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, // log start offset
                0, 0, 0, 1, // record errors: one
                0, 0, 0, 2, // batch index
                0, 2, (byte)'n', (byte)'o',
                0, 1, (byte)'e', // error message
                0, 0, 0, 0, // throttle time
            ]);

    [Fact]
    public void A_null_struct_is_one_byte_of_minus_one() =>
        AssertBody(
            new DescribeTopicPartitionsRequest { Topics = [new() { Name = "t" }] },
            version: 0,
            [2, 2, (byte)'t', 0, 0, 0, 7, 0xD0, 0xFF, 0]);

    [Fact]
    public void A_struct_that_may_be_null_is_announced_by_one() =>
        AssertBody(
            new DescribeTopicPartitionsRequest { Cursor = new() { TopicName = "t", PartitionIndex = 3 } },
            version: 0,
            [1, 0, 0, 7, 0xD0, 1, 2, (byte)'t', 0, 0, 0, 3, 0, 0]);

    [Fact]
    public void A_reassignment_v1_that_is_cancelled_has_null_for_its_replicas() =>
        AssertBody(
            new AlterPartitionReassignmentsRequest
            {
                TimeoutMs = 1000, AllowReplicationFactorChange = false,
                Topics = [new() { Name = "t", Partitions = [new() { PartitionIndex = 2, Replicas = [5, 6] }, new() { PartitionIndex = 3, Replicas = null }] }],
            },
            version: 1,
            [
                0, 0, 3, 0xE8, // timeout
                0, // the replication factor may not change
                2, // topics: one
                2, (byte)'t',
                3, // partitions: two
                0, 0, 0, 2, 3, 0, 0, 0, 5, 0, 0, 0, 6, 0, // partition, replicas, tags
                0, 0, 0, 3, 0, 0, // partition, no replicas, tags
                0, // tags of the topic
                0, // tags
            ]);

    [Fact]
    public void ElectLeaders_v0_does_not_say_which_election() =>
        AssertBody(
            new ElectLeadersRequest { Topics = [new() { Topic = "t", Partitions = [4] }], TimeoutMs = 1000 },
            version: 0,
            [
                0, 0, 0, 1, // topics: one
                0, 1, (byte)'t',
                0, 0, 0, 1, 0, 0, 0, 4, // partitions
                0, 0, 3, 0xE8, // timeout
            ]);

    private static void AssertBody<TRequest>(TRequest request, short version, byte[] expected)
        where TRequest : class, IRequest, new()
    {
        var message = new MessageCaseOf<TRequest>(typeof(TRequest).Name, TRequest.Api, isRequest: true);
        Assert.Equal(expected, message.Encode(request, version));
        Assert.Equal(message.Print(request, version), message.Print(message.Decode(expected, version, out _), version));
    }

    private static void AssertFrame<TResponse>(TResponse response, ApiDescription api, short version, byte[] behindSize)
        where TResponse : class, IWireStruct, new()
    {
        var size = ResponseFraming.Measure(api, version, ref response);
        var frame = new byte[size.Total];
        ResponseFraming.Write(frame, size, api, version, correlationId: 1, ref response);
        Assert.Equal([0, 0, 0, (byte)behindSize.Length, .. behindSize], frame);
    }
}
