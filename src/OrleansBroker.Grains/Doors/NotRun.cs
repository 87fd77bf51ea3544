using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Core.Groups.Hosting;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Grains.Doors;

/// <summary>Answers to what was certainly not run: the caller may try again, and doubles nothing.</summary>
internal static class NotRun
{
    /// <param name="key">The grain's.</param>
    /// <exception cref="IOException">The request is the catalog's, whose callers have no error code to try again with.</exception>
    public static object Answer(string key, object request) => request switch
    {
        AppendRequest => new AppendResponse { Error = ErrorCode.NotLeaderOrFollower, ErrorMessage = "the broker takes no requests now" },
        ReadRequest => new ReadResponse { Error = ErrorCode.NotLeaderOrFollower },
        FindOffsetRequest => new FindOffsetResponse { Error = ErrorCode.NotLeaderOrFollower },
        JoinGroupRequest => GroupRefusals.JoinGroup(ErrorCode.CoordinatorNotAvailable),
        SyncGroupRequest => GroupRefusals.SyncGroup(ErrorCode.CoordinatorNotAvailable),
        HeartbeatRequest => new HeartbeatResponse { ErrorCode = ErrorCode.CoordinatorNotAvailable },
        LeaveGroupRequest => GroupRefusals.LeaveGroup(ErrorCode.CoordinatorNotAvailable),
        OffsetCommitRequest commit => GroupRefusals.OffsetCommit(commit, ErrorCode.CoordinatorNotAvailable),
        OffsetFetchRequest => new OffsetFetchResponse { Groups = [GroupRefusals.OffsetFetch(key, ErrorCode.CoordinatorNotAvailable)] },
        DescribeGroupsRequest => new DescribeGroupsResponse { Groups = [GroupRefusals.DescribeGroup(key, ErrorCode.CoordinatorNotAvailable)] },
        InitProducerIdRequest => new InitProducerIdResponse { ErrorCode = ErrorCode.CoordinatorNotAvailable },
        _ => throw new IOException("the broker takes no requests now"),
    };
}
