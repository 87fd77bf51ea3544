using OrleansBroker.Core.Groups;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Tests.Handlers;

/// <summary>A group coordinator of one machine and no log, for the requests that are answered at once.</summary>
internal sealed class MachineGroups : IGroupCoordinator
{
    private readonly GroupShard _shard = new(new GroupOptions());
    private long _lastToken;

    public MachineGroups() => _shard.Loaded(0);

    public ErrorCode FindError { get; set; }

    /// <summary>What every fetch of offsets is refused with.</summary>
    public ErrorCode FetchError { get; set; }

    public int PartitionFor(string groupId) => 0;

    public ValueTask<(ErrorCode Error, BrokerId Broker)> FindAsync(string groupId, CancellationToken cancellation) => new((FindError, new BrokerId(0)));

    public ValueTask<JoinGroupResponse> JoinGroupAsync(JoinGroupRequest request, GroupCaller caller, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<SyncGroupResponse> SyncGroupAsync(SyncGroupRequest request, GroupCaller caller, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<HeartbeatResponse> HeartbeatAsync(HeartbeatRequest request, GroupCaller caller) => new(new HeartbeatResponse { ErrorCode = _shard.Heartbeat(request, 0) });

    public ValueTask<LeaveGroupResponse> LeaveGroupAsync(LeaveGroupRequest request, GroupCaller caller) => Reply<LeaveGroupResponse>(token => _shard.LeaveGroup(request, caller, token, 0));

    public ValueTask<OffsetCommitResponse> CommitOffsetsAsync(OffsetCommitRequest request, GroupCaller caller, CancellationToken cancellation) =>
        Reply<OffsetCommitResponse>(token => _shard.CommitOffsets(request, caller, token, 0));

    public ValueTask<OffsetFetchResponse.OffsetFetchResponseGroup> FetchOffsetsAsync(OffsetFetchRequest.OffsetFetchRequestGroup request, GroupCaller caller) =>
        new(FetchError == ErrorCode.None ? _shard.FetchOffsets(request) : new() { GroupId = request.GroupId, ErrorCode = FetchError });

    public ValueTask<OffsetDeleteResponse> DeleteOffsetsAsync(OffsetDeleteRequest request, GroupCaller caller) => Reply<OffsetDeleteResponse>(token => _shard.DeleteOffsets(request, token));

    public ValueTask<DescribeGroupsResponse> DescribeGroupsAsync(DescribeGroupsRequest request, GroupCaller caller) =>
        new(new DescribeGroupsResponse { Groups = Array.ConvertAll(request.Groups, group => _shard.DescribeGroup(group, caller)) });

    public ValueTask<ListGroupsResponse> ListGroupsAsync(ListGroupsRequest request, GroupCaller caller) => throw new NotSupportedException();

    public ValueTask<DeleteGroupsResponse> DeleteGroupsAsync(DeleteGroupsRequest request, GroupCaller caller) => throw new NotSupportedException();

    public ValueTask DeleteTopicOffsetsAsync(string topic) => ValueTask.CompletedTask;

    private ValueTask<TResponse> Reply<TResponse>(Func<ReplyToken, CoordinatorResult> input)
    {
        var result = input(new ReplyToken(++_lastToken));
        foreach (var record in result.Records)
        {
            _shard.Replay(record);
        }

        return new((TResponse)result.Replies.Single().Response);
    }
}
