using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Tests;

/// <summary>
/// Frames that real clients sent, recorded from their sockets, with what they were told to ask. Each is read and, written
/// again, gives the client's own bytes.
/// </summary>
public sealed class GoldenRequestTests
{
    private const string Librdkafka20 = "librdkafka 2.0.2 (kcat 1.7.1)";
    private const string KafkaPython = "kafka-python 2.0.2";
    private const string Platformatic = "@platformatic/kafka 2.12";
    private const string Librdkafka215 = "librdkafka 2.15.1 (@confluentinc/kafka-javascript)";

    public static TheoryData<string, string, string> Frames => new()
    {
        {
            Librdkafka20,
            "00000087000000070000000300046b636174ffffffff00007530000000010006676f6c64656e0000000100000000000000590000000000000000"
            + "0000004d00000000021b8fc240000000000001000001a1fc21b545000001a1fc21b545ffffffffffffffffffffffffffff000000021a00000004"
            + "6b310a68656c6c6f001a000002046b320a776f726c6400",
            """ProduceRequest v7 {TransactionalId=null, Acks=-1, TimeoutMs=30000, TopicData=[{Name="golden", PartitionData=[{Index=0, Records=89 bytes}]}]}"""
        },
        {
            Librdkafka20,
            "000000590001000b0000000400046b636174ffffffff000001f400000001032000000100000000ffffffff000000010006676f6c64656e000000"
            + "0100000000ffffffff0000000000000003ffffffffffffffff00100000000000000000",
            """FetchRequest v11 {ReplicaId=-1, MaxWaitMs=500, MinBytes=1, MaxBytes=52428800, IsolationLevel=1, SessionId=0, SessionEpoch=-1, Topics=[{Topic="golden", Partitions=[{Partition=0, CurrentLeaderEpoch=-1, FetchOffset=3, LogStartOffset=-1, PartitionMaxBytes=1048576}]}], ForgottenTopicsData=[], RackId=""}"""
        },
        {
            Librdkafka20,
            "0000002f000200020000000400046b636174ffffffff01000000010006676f6c64656e000000010000000000000000000003e8",
            """ListOffsetsRequest v2 {ReplicaId=-1, IsolationLevel=1, Topics=[{Name="golden", Partitions=[{PartitionIndex=0, Timestamp=1000}]}]}"""
        },
        {
            Librdkafka20,
            "0000001b000300040000000200046b636174000000010006676f6c64656e01",
            """MetadataRequest v4 {Topics=[{Name="golden"}], AllowAutoTopicCreation=true}"""
        },
        {
            Librdkafka20,
            "0000002c000900070000000700046b636174000d676f6c64656e2d67726f75700207676f6c64656e0200000000000100",
            """OffsetFetchRequest v7 {GroupId="golden-group", Topics=[{Name="golden", PartitionIndexes=[0]}], RequireStable=true}"""
        },
        {
            Librdkafka20,
            "0000007f000b00050000000300046b636174000c676f6c64656e2d67726f75700000afc8000493e00000000269310008636f6e73756d65720000"
            + "0002000572616e6765000000160001000000010006676f6c64656e0000000000000000000a726f756e64726f62696e0000001600010000000100"
            + "06676f6c64656e0000000000000000",
            """JoinGroupRequest v5 {GroupId="golden-group", SessionTimeoutMs=45000, RebalanceTimeoutMs=300000, MemberId="", GroupInstanceId="i1", ProtocolType="consumer", Protocols=[{Name="range", Metadata=22 bytes}, {Name="roundrobin", Metadata=22 bytes}]}"""
        },
        {
            Librdkafka20,
            "00000028000c00030000000600046b636174000c676f6c64656e2d67726f75700000000100026d3100026931",
            """HeartbeatRequest v3 {GroupId="golden-group", GenerationId=1, MemberId="m1", GroupInstanceId="i1"}"""
        },
        {
            Librdkafka20,
            "0000002c000e00030000000500046b636174000c676f6c64656e2d67726f75700000000100026d310002693100000000",
            """SyncGroupRequest v3 {GroupId="golden-group", GenerationId=1, MemberId="m1", GroupInstanceId="i1", Assignments=[]}"""
        },
        {
            Librdkafka20,
            "0000001d000a00020000000300046b636174000c676f6c64656e2d67726f757000",
            """FindCoordinatorRequest v2 {Key="golden-group", KeyType=0}"""
        },
        {
            Librdkafka20,
            "0000001f001600040000000300046b6361740000ffffffffffffffffffffffffffff00",
            """InitProducerIdRequest v4 {TransactionalId=null, TransactionTimeoutMs=-1, ProducerId=-1, ProducerEpoch=-1}"""
        },
        {
            KafkaPython,
            "0000000c001200000000000100027079",
            """ApiVersionsRequest v0 {}"""
        },
        {
            KafkaPython,
            "0000001000030000000000020002707900000000",
            """MetadataRequest v0 {Topics=[]}"""
        },
        {
            KafkaPython,
            "00000018000300010000000100027079000000010006676f6c64656e",
            """MetadataRequest v1 {Topics=[{Name="golden"}]}"""
        },
        {
            KafkaPython,
            "0000003d000100040000000200027079ffffffff000001f4000000010320000000000000010006676f6c64656e00000001000000000000000000"
            + "00000500100000",
            """FetchRequest v4 {ReplicaId=-1, MaxWaitMs=500, MinBytes=1, MaxBytes=52428800, IsolationLevel=0, Topics=[{Topic="golden", Partitions=[{Partition=0, FetchOffset=5, PartitionMaxBytes=1048576}]}]}"""
        },
        {
            KafkaPython,
            "00000048000800020000000400027079000c676f6c64656e2d67726f75700000000100026d31ffffffffffffffff000000010006676f6c64656e"
            + "000000010000000000000000000000050000",
            """OffsetCommitRequest v2 {GroupId="golden-group", GenerationIdOrMemberEpoch=1, MemberId="m1", RetentionTimeMs=-1, Topics=[{Name="golden", Partitions=[{PartitionIndex=0, CommittedOffset=5, CommittedMetadata=""}]}]}"""
        },
        {
            KafkaPython,
            "0000002e000900010000000300027079000c676f6c64656e2d67726f7570000000010006676f6c64656e0000000100000000",
            """OffsetFetchRequest v1 {GroupId="golden-group", Topics=[{Name="golden", PartitionIndexes=[0]}]}"""
        },
        {
            KafkaPython,
            "00000071000b00020000000100027079000c676f6c64656e2d67726f757000002710000493e000000008636f6e73756d65720000000200057261"
            + "6e6765000000120000000000010006676f6c64656e00000000000a726f756e64726f62696e000000120000000000010006676f6c64656e000000"
            + "00",
            """JoinGroupRequest v2 {GroupId="golden-group", SessionTimeoutMs=10000, RebalanceTimeoutMs=300000, MemberId="", ProtocolType="consumer", Protocols=[{Name="range", Metadata=18 bytes}, {Name="roundrobin", Metadata=18 bytes}]}"""
        },
        {
            KafkaPython,
            "00000048000e00010000000200027079000c676f6c64656e2d67726f75700000000100026d310000000100026d310000001a0000000000010006"
            + "676f6c64656e000000010000000000000000",
            """SyncGroupRequest v1 {GroupId="golden-group", GenerationId=1, MemberId="m1", Assignments=[{MemberId="m1", Assignment=26 bytes}]}"""
        },
        {
            KafkaPython,
            "0000004800130003000000030002707900000001000a676f6c64656e2d6e65770000000300010000000000000001000e636c65616e75702e706f"
            + "6c6963790007636f6d70616374000003e801",
            """CreateTopicsRequest v3 {Topics=[{Name="golden-new", NumPartitions=3, ReplicationFactor=1, Assignments=[], Configs=[{Name="cleanup.policy", Value="compact"}]}], TimeoutMs=1000, ValidateOnly=true}"""
        },
        {
            Platformatic,
            "000000710000000b000000030004706c61740000ffff000005dc0207676f6c64656e02000000004b00000000000000000000003e0000000002e0"
            + "0de45c000000000000000001a1fc244c75000001a1fc244c75ffffffffffffffff0000000000000000000118000000026b027602026802310000"
            + "00",
            """ProduceRequest v11 {TransactionalId=null, Acks=-1, TimeoutMs=1500, TopicData=[{Name="golden", PartitionData=[{Index=0, Records=74 bytes}]}]}"""
        },
        {
            Platformatic,
            "0000003000020009000000060004706c617400ffffffff010207676f6c64656e020000000000000000ffffffffffffffff000000",
            """ListOffsetsRequest v9 {ReplicaId=-1, IsolationLevel=1, Topics=[{Name="golden", Partitions=[{PartitionIndex=0, CurrentLeaderEpoch=0, Timestamp=-1}]}]}"""
        },
        {
            Platformatic,
            "0000002b0003000c000000020004706c617400020000000000000000000000000000000007676f6c64656e00000000",
            """MetadataRequest v12 {Topics=[{TopicId=00000000-0000-0000-0000-000000000000, Name="golden"}], AllowAutoTopicCreation=false, IncludeTopicAuthorizedOperations=false}"""
        },
        {
            Platformatic,
            "0000004100080009000000080004706c6174000d676f6c64656e2d67726f757000000001036d31000207676f6c64656e02000000000000000000"
            + "0000070000000000000000",
            """OffsetCommitRequest v9 {GroupId="golden-group", GenerationIdOrMemberEpoch=1, MemberId="m1", GroupInstanceId=null, Topics=[{Name="golden", Partitions=[{PartitionIndex=0, CommittedOffset=7, CommittedLeaderEpoch=0, CommittedMetadata=null}]}]}"""
        },
        {
            Platformatic,
            "0000003500090009000000070004706c617400020d676f6c64656e2d67726f7570036d31ffffffff0207676f6c64656e020000000000000000",
            """OffsetFetchRequest v9 {Groups=[{GroupId="golden-group", MemberId="m1", MemberEpoch=-1, Topics=[{Name="golden", PartitionIndexes=[0]}]}], RequireStable=false}"""
        },
        {
            Platformatic,
            "0000001f000a0006000000020004706c61740000020d676f6c64656e2d67726f757000",
            """FindCoordinatorRequest v6 {KeyType=0, CoordinatorKeys=["golden-group"]}"""
        },
        {
            Platformatic,
            "00000057000b0009000000040004706c6174000d676f6c64656e2d67726f75700000ea6000018e700103693109636f6e73756d6572020b726f75"
            + "6e64726f62696e170001000000010006676f6c64656effffffff00000000000100",
            """JoinGroupRequest v9 {GroupId="golden-group", SessionTimeoutMs=60000, RebalanceTimeoutMs=102000, MemberId="", GroupInstanceId="i1", ProtocolType="consumer", Protocols=[{Name="roundrobin", Metadata=22 bytes}], Reason=""}"""
        },
        {
            Platformatic,
            "00000027000c0004000000090004706c6174000d676f6c64656e2d67726f757000000001036d3103693100",
            """HeartbeatRequest v4 {GroupId="golden-group", GenerationId=1, MemberId="m1", GroupInstanceId="i1"}"""
        },
        {
            Platformatic,
            "0000005b000e0005000000050004706c6174000d676f6c64656e2d67726f757000000001036d3103693109636f6e73756d65720b726f756e6472"
            + "6f62696e02036d311b0000000000010006676f6c64656e0000000100000000ffffffff0000",
            """SyncGroupRequest v5 {GroupId="golden-group", GenerationId=1, MemberId="m1", GroupInstanceId="i1", ProtocolType="consumer", ProtocolName="roundrobin", Assignments=[{MemberId="m1", Assignment=26 bytes}]}"""
        },
        {
            Platformatic,
            "0000001f000f0005000000020004706c617400020d676f6c64656e2d67726f75700000",
            """DescribeGroupsRequest v5 {Groups=["golden-group"], IncludeAuthorizedOperations=false}"""
        },
        {
            Platformatic,
            "0000001a00100005000000040004706c617400010208636c617373696300",
            """ListGroupsRequest v5 {StatesFilter=[], TypesFilter=["classic"]}"""
        },
        {
            Platformatic,
            "0000002a00120003000000010004706c61740013706c6174666f726d617469632d6b61666b6107322e31322e3100",
            """ApiVersionsRequest v3 {ClientSoftwareName="platformatic-kafka", ClientSoftwareVersion="2.12.1"}"""
        },
        {
            Platformatic,
            "0000004200130007000000020004706c617400020b676f6c64656e2d6e657700000003000101020f636c65616e75702e706f6c69637908636f6d"
            + "706163740000000005dc0000",
            """CreateTopicsRequest v7 {Topics=[{Name="golden-new", NumPartitions=3, ReplicationFactor=1, Assignments=[], Configs=[{Name="cleanup.policy", Value="compact"}]}], TimeoutMs=1500, ValidateOnly=false}"""
        },
        {
            Librdkafka215,
            "0000006d0000000a000000050004636b6a730000ffff000075300207676f6c64656e02000000004700000000000000000000003a000000000285"
            + "796100000000000000000001a1fc242919000001a1fc24291900000000000012670000000000000000000110000000026b027600000000",
            """ProduceRequest v10 {TransactionalId=null, Acks=-1, TimeoutMs=30000, TopicData=[{Name="golden", PartitionData=[{Index=0, Records=70 bytes}]}]}"""
        },
        {
            Librdkafka215,
            "000000130003000d000000020004636b6a730001000000",
            """MetadataRequest v13 {Topics=[], AllowAutoTopicCreation=false, IncludeTopicAuthorizedOperations=false}"""
        },
        {
            Librdkafka215,
            "0000004300080009000000060004636b6a73000d676f6c64656e2d67726f7570ffffffff010369310207676f6c64656e02000000000000000000"
            + "000007ffffffff036d00000000",
            """OffsetCommitRequest v9 {GroupId="golden-group", GenerationIdOrMemberEpoch=-1, MemberId="", GroupInstanceId="i1", Topics=[{Name="golden", Partitions=[{PartitionIndex=0, CommittedOffset=7, CommittedLeaderEpoch=-1, CommittedMetadata="m\u0000"}]}]}"""
        },
        {
            Librdkafka215,
            "0000001c00140004000000070004636b6a73000207676f6c64656e000005dc00",
            """DeleteTopicsRequest v4 {TopicNames=["golden"], TimeoutMs=1500}"""
        },
        {
            Librdkafka215,
            "0000004a00130004000000060004636b6a7300000001000a676f6c64656e2d6e65770000000300010000000000000001000e636c65616e75702e"
            + "706f6c6963790007636f6d70616374000005dc00",
            """CreateTopicsRequest v4 {Topics=[{Name="golden-new", NumPartitions=3, ReplicationFactor=1, Assignments=[], Configs=[{Name="cleanup.policy", Value="compact"}]}], TimeoutMs=1500, ValidateOnly=false}"""
        },
    };

    [Theory]
    [MemberData(nameof(Frames))]
    public void A_client_s_frame_is_read_and_written_again(string client, string hex, string printed)
    {
        var frame = Convert.FromHexString(hex);
        var reader = new WireReader(frame.AsMemory(4), version: 0, flexible: false);
        var header = RequestHeader.Read(ref reader);
        var message = MessageCase.All.Single(message => message.IsRequest && message.Api.Key == header.ApiKey);
        var headerTags = message.Api.IsFlexible(header.ApiVersion) ? 1 : 0;
        var body = frame.AsMemory(4 + reader.Position + headerTags);

        var request = message.Decode(body, header.ApiVersion, out var consumed);
        Assert.True(consumed == body.Length, $"{client}: {body.Length - consumed} bytes left");
        Assert.Equal(printed, message.Print(request, header.ApiVersion));
        Assert.Equal(body.ToArray(), message.Encode(request, header.ApiVersion));
    }
}
