using OrleansBroker.Core.Groups;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Ports;

/// <summary>
/// The groups of the cluster. Each belongs to a partition of <c>__consumer_offsets</c>, and to the broker that leads it. Requests
/// name topics by name: handlers turn ids into names, and leave out topics that do not exist.
/// </summary>
public interface IGroupCoordinator
{
    /// <summary>The partition of <c>__consumer_offsets</c> that a group belongs to, by Kafka's hash.</summary>
    int PartitionFor(string groupId);

    /// <summary>The broker to ask about a group, once the internal topic is there; otherwise COORDINATOR_NOT_AVAILABLE.</summary>
    ValueTask<(ErrorCode Error, BrokerId Broker)> FindAsync(string groupId, CancellationToken cancellation);

    /// <summary>Waits until all members have joined, which may take as long as their rebalance timeout.</summary>
    /// <param name="cancellation">Ends the wait, not the join.</param>
    ValueTask<JoinGroupResponse> JoinGroupAsync(JoinGroupRequest request, GroupCaller caller, CancellationToken cancellation);

    /// <summary>Waits until the leader has sent the assignment.</summary>
    /// <param name="cancellation">Ends the wait, not the request.</param>
    ValueTask<SyncGroupResponse> SyncGroupAsync(SyncGroupRequest request, GroupCaller caller, CancellationToken cancellation);

    ValueTask<HeartbeatResponse> HeartbeatAsync(HeartbeatRequest request, GroupCaller caller);

    ValueTask<LeaveGroupResponse> LeaveGroupAsync(LeaveGroupRequest request, GroupCaller caller);

    ValueTask<OffsetCommitResponse> CommitOffsetsAsync(OffsetCommitRequest request, GroupCaller caller, CancellationToken cancellation);

    /// <summary>The offsets of one group; a request for several is split by the handler.</summary>
    ValueTask<OffsetFetchResponse.OffsetFetchResponseGroup> FetchOffsetsAsync(OffsetFetchRequest.OffsetFetchRequestGroup request, GroupCaller caller);

    ValueTask<OffsetDeleteResponse> DeleteOffsetsAsync(OffsetDeleteRequest request, GroupCaller caller);

    ValueTask<DescribeGroupsResponse> DescribeGroupsAsync(DescribeGroupsRequest request, GroupCaller caller);

    /// <summary>The groups that this broker coordinates.</summary>
    ValueTask<ListGroupsResponse> ListGroupsAsync(ListGroupsRequest request, GroupCaller caller);

    ValueTask<DeleteGroupsResponse> DeleteGroupsAsync(DeleteGroupsRequest request, GroupCaller caller);

    /// <summary>A topic was deleted: no group has offsets in it any more.</summary>
    ValueTask DeleteTopicOffsetsAsync(string topic);
}
