using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>Responses that say that the coordinator could not do its work, each where its clients look for the error.</summary>
public static class GroupRefusals
{
    /// <summary>What clients of groups make of an error of the log.</summary>
    public static ErrorCode ToClient(ErrorCode error) => error switch
    {
        ErrorCode.UnknownTopicOrPartition or ErrorCode.NotEnoughReplicas or ErrorCode.NotEnoughReplicasAfterAppend or ErrorCode.RequestTimedOut => ErrorCode.CoordinatorNotAvailable,
        ErrorCode.NotLeaderOrFollower or ErrorCode.KafkaStorageError => ErrorCode.NotCoordinator,
        ErrorCode.MessageTooLarge or ErrorCode.RecordListTooLarge or ErrorCode.InvalidFetchSize => ErrorCode.UnknownServerError,
        _ => error,
    };

    public static JoinGroupResponse JoinGroup(ErrorCode error) => new() { ErrorCode = error, ProtocolName = null };

    public static SyncGroupResponse SyncGroup(ErrorCode error) => new() { ErrorCode = error };

    public static LeaveGroupResponse LeaveGroup(ErrorCode error) => new() { ErrorCode = error };

    public static OffsetCommitResponse OffsetCommit(OffsetCommitRequest request, ErrorCode error) => new()
    {
        Topics = Array.ConvertAll(request.Topics, topic => new OffsetCommitResponse.OffsetCommitResponseTopic
        {
            Name = topic.Name,
            TopicId = topic.TopicId,
            Partitions = Array.ConvertAll(topic.Partitions, partition => new OffsetCommitResponse.OffsetCommitResponsePartition
            {
                PartitionIndex = partition.PartitionIndex,
                ErrorCode = error,
            }),
        }),
    };

    /// <summary>Consumers before Kafka 3.9 do not expect COORDINATOR_NOT_AVAILABLE here.</summary>
    public static OffsetFetchResponse.OffsetFetchResponseGroup OffsetFetch(string groupId, ErrorCode error) => new()
    {
        GroupId = groupId,
        ErrorCode = error == ErrorCode.CoordinatorNotAvailable ? ErrorCode.NotCoordinator : error,
    };

    public static OffsetDeleteResponse OffsetDelete(ErrorCode error) => new() { ErrorCode = error };

    public static DescribeGroupsResponse.DescribedGroup DescribeGroup(string groupId, ErrorCode error) => new() { GroupId = groupId, ErrorCode = error };

    public static DeleteGroupsResponse DeleteGroups(IEnumerable<string> groupIds, ErrorCode error) => new()
    {
        Results = [.. groupIds.Select(groupId => new DeleteGroupsResponse.DeletableGroupResult { GroupId = groupId, ErrorCode = error })],
    };
}
