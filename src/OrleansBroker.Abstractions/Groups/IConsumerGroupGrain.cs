using Orleans.Concurrency;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Abstractions.Groups;

/// <summary>
/// A consumer group as applications of Orleans reach it, by the group's id. It is activated at the broker that coordinates the group,
/// the leader of its partition of <c>__consumer_offsets</c>, and has no state of its own. Members inside Orleans and clients of Kafka's
/// protocol may be in one group. Requests and responses are Kafka's; the group's id in them need not be filled in.
/// </summary>
/// <remarks>
/// What is refused is answered with an error code of Kafka's, also by a silo whose broker takes no requests yet or any more. An exception means that the outcome is not known. A member is
/// expected to send heartbeats, as every member is.
/// </remarks>
[Alias("OrleansBroker.ConsumerGroup")]
public interface IConsumerGroupGrain : IGrainWithStringKey
{
    /// <summary>
    /// Joins, and waits for a little until all members have: null where they have not yet, and the same request is to be sent again.
    /// A static member without a member id is answered MEMBER_ID_REQUIRED meanwhile, with the id that it has: it is to come back with it.
    /// So no call is held open for as long as a rebalance may take. <see cref="ConsumerGroupGrainExtensions.JoinUntilDoneAsync"/> asks again.
    /// </summary>
    [Alias("Join")]
    [AlwaysInterleave]
    Task<JoinGroupResponse?> JoinAsync(JoinGroupRequest request);

    /// <summary>Waits for a little until the group's leader has sent the assignment: null where it has not yet, as with <see cref="JoinAsync"/>.</summary>
    [Alias("Sync")]
    [AlwaysInterleave]
    Task<SyncGroupResponse?> SyncAsync(SyncGroupRequest request);

    [Alias("Heartbeat")]
    [AlwaysInterleave]
    Task<HeartbeatResponse> HeartbeatAsync(HeartbeatRequest request);

    [Alias("Leave")]
    [AlwaysInterleave]
    Task<LeaveGroupResponse> LeaveAsync(LeaveGroupRequest request);

    /// <summary>Topics are named by their names.</summary>
    [Alias("CommitOffsets")]
    [AlwaysInterleave]
    Task<OffsetCommitResponse> CommitOffsetsAsync(OffsetCommitRequest request);

    /// <summary>The offsets of this group, of all topics where the request names none.</summary>
    [Alias("FetchOffsets")]
    [AlwaysInterleave]
    Task<OffsetFetchResponse> FetchOffsetsAsync(OffsetFetchRequest request);

    [Alias("Describe")]
    [AlwaysInterleave]
    Task<DescribeGroupsResponse> DescribeAsync();
}
