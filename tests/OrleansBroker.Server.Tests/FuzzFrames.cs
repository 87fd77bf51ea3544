using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Server.Tests;

/// <summary>Good requests of most APIs in old and new versions, to be made bad. None of them creates or deletes topics.</summary>
internal static class FuzzFrames
{
    private const string Group = "g";

    public static List<byte[]> All(Guid topicId) => [.. Data(topicId), .. Groups(topicId), .. Admin(topicId)];

    private static IEnumerable<byte[]> Data(Guid topicId)
    {
        var produce = Batches.Produce("t", 1, Batches.Of("a", "b"));
        produce.TopicData[0].TopicId = topicId;
        var fetch = Batches.Fetch("t", 0, maxWaitMs: 5, partitions: [0, 1]);
        fetch.Topics[0].TopicId = topicId;
        fetch.SessionEpoch = FetchRequest.InitialEpoch;
        var listOffsets = new ListOffsetsRequest
        {
            Topics = [new ListOffsetsRequest.ListOffsetsTopic { Name = "t", Partitions = [new ListOffsetsRequest.ListOffsetsPartition { Timestamp = 5 }] }],
        };
        var epochs = new OffsetForLeaderEpochRequest
        {
            Topics = [new OffsetForLeaderEpochRequest.OffsetForLeaderTopic { Topic = "t", Partitions = [new OffsetForLeaderEpochRequest.OffsetForLeaderPartition()] }],
        };
        return
        [
            .. Frames(new ApiVersionsRequest { ClientSoftwareName = "a", ClientSoftwareVersion = "1" }, 0, 3),
            .. Frames(produce, 3, 9, 13),
            .. Frames(fetch, 4, 11, 17),
            .. Frames(listOffsets, 1, 10),
            .. Frames(epochs, 2, 4),
            .. Frames(new InitProducerIdRequest(), 0, 4),
        ];
    }

    private static IEnumerable<byte[]> Groups(Guid topicId)
    {
        var join = new JoinGroupRequest
        {
            GroupId = Group,
            SessionTimeoutMs = 6_000,
            RebalanceTimeoutMs = 100,
            ProtocolType = "consumer",
            Protocols = [new JoinGroupRequest.JoinGroupRequestProtocol { Name = "range", Metadata = new byte[] { 0, 1, 2 } }],
        };
        var commit = new OffsetCommitRequest
        {
            GroupId = Group,
            Topics =
            [
                new OffsetCommitRequest.OffsetCommitRequestTopic
                {
                    Name = "t",
                    TopicId = topicId,
                    Partitions = [new OffsetCommitRequest.OffsetCommitRequestPartition { CommittedOffset = 1, CommittedMetadata = "m" }],
                },
            ],
        };
        return
        [
            .. Frames(join, 0, 5, 9),
            .. Frames(new SyncGroupRequest { GroupId = Group, MemberId = "m", ProtocolType = "consumer", ProtocolName = "range" }, 0, 5),
            .. Frames(new HeartbeatRequest { GroupId = Group, MemberId = "m" }, 0, 4),
            .. Frames(new LeaveGroupRequest { GroupId = Group, MemberId = "m" }, 0),
            .. Frames(commit, 2, 8, 10),
            .. Frames(new FindCoordinatorRequest { Key = Group, CoordinatorKeys = [Group] }, 0, 2, 4),
            .. Frames(new DescribeGroupsRequest { Groups = [Group] }, 0, 5),
            .. Frames(new ListGroupsRequest(), 0, 5),
            .. Frames(new DeleteGroupsRequest { GroupsNames = ["h"] }, 0, 2),
        ];
    }

    private static IEnumerable<byte[]> Admin(Guid topicId)
    {
        var delete = new DeleteRecordsRequest
        {
            Topics = [new DeleteRecordsRequest.DeleteRecordsTopic { Name = "t", Partitions = [new DeleteRecordsRequest.DeleteRecordsPartition { Offset = -1 }] }],
        };
        return
        [
            .. Frames(new MetadataRequest { Topics = [new MetadataRequest.MetadataRequestTopic { Name = "t", TopicId = topicId }] }, 1, 9, 13),
            .. Frames(delete, 0, 2),
            .. Frames(new DescribeConfigsRequest { Resources = [new DescribeConfigsRequest.DescribeConfigsResource { ResourceType = 2, ResourceName = "t" }] }, 1, 4),
            .. Frames(new DescribeClusterRequest(), 0, 1),
            .. Frames(new DescribeTopicPartitionsRequest { Topics = [new DescribeTopicPartitionsRequest.TopicRequest { Name = "t" }] }, 0),
            .. Frames(new DescribeProducersRequest { Topics = [new DescribeProducersRequest.TopicRequest { Name = "t", PartitionIndexes = [0, 1] }] }, 0),
            .. Frames(new DescribeLogDirsRequest(), 1, 4),
            .. Frames(new ElectLeadersRequest { Topics = [new ElectLeadersRequest.TopicPartitions { Topic = "t", Partitions = [0, 9] }] }, 0, 2),
            .. Frames(new ListPartitionReassignmentsRequest { Topics = [new ListPartitionReassignmentsRequest.ListPartitionReassignmentsTopics { Name = "t", PartitionIndexes = [0] }] }, 0),
        ];
    }

    private static IEnumerable<byte[]> Frames<TRequest>(TRequest request, params short[] versions)
        where TRequest : IRequest => versions.Select(version => TestClient.Frame(request, version, version));
}
