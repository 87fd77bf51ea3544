using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Abstractions.Groups;

/// <summary>What most callers want of a group, with <see cref="BrokerException"/> in place of error codes where it says so.</summary>
public static class ConsumerGroupGrainExtensions
{
    /// <summary>Sends a join again until all members have joined, the first one without a member id also with the id that it is given.</summary>
    /// <returns>With the error code where it was refused.</returns>
    public static async Task<JoinGroupResponse> JoinUntilDoneAsync(this IConsumerGroupGrain group, JoinGroupRequest request, CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var response = await group.JoinAsync(request);
            if (response is { ErrorCode: ErrorCode.MemberIdRequired, MemberId.Length: > 0 })
            {
                request = WithMemberId(request, response.MemberId);
            }
            else if (response is not null)
            {
                return response;
            }
        }
    }

    /// <summary>Asks again until the group's leader has sent the assignment.</summary>
    /// <returns>With the error code where it was refused.</returns>
    public static async Task<SyncGroupResponse> SyncUntilDoneAsync(this IConsumerGroupGrain group, SyncGroupRequest request, CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (await group.SyncAsync(request) is { } response)
            {
                return response;
            }
        }
    }

    /// <summary>Commits an offset for a consumer that manages its partitions itself.</summary>
    /// <param name="offset">Of the next record to read.</param>
    /// <exception cref="BrokerException">It was not committed, as far as is known.</exception>
    public static async Task CommitOffsetAsync(this IConsumerGroupGrain group, string topic, int partition, long offset, string? metadata = null)
    {
        var response = await group.CommitOffsetsAsync(new OffsetCommitRequest
        {
            Topics = [new() { Name = topic, Partitions = [new() { PartitionIndex = partition, CommittedOffset = offset, CommittedMetadata = metadata }] }],
        });
        BrokerException.ThrowIfFailed(response.Topics[0].Partitions[0].ErrorCode);
    }

    /// <returns>Null where none is committed.</returns>
    /// <exception cref="BrokerException">The group could not be asked.</exception>
    public static async Task<long?> CommittedOffsetAsync(this IConsumerGroupGrain group, string topic, int partition)
    {
        var response = await group.FetchOffsetsAsync(new OffsetFetchRequest { Groups = [new() { Topics = [new() { Name = topic, PartitionIndexes = [partition] }] }] });
        BrokerException.ThrowIfFailed(response.Groups[0].ErrorCode);
        var found = response.Groups[0].Topics[0].Partitions[0];
        BrokerException.ThrowIfFailed(found.ErrorCode);
        return found.CommittedOffset >= 0 ? found.CommittedOffset : null;
    }

    private static JoinGroupRequest WithMemberId(JoinGroupRequest request, string memberId) => new()
    {
        GroupId = request.GroupId,
        SessionTimeoutMs = request.SessionTimeoutMs,
        RebalanceTimeoutMs = request.RebalanceTimeoutMs,
        MemberId = memberId,
        GroupInstanceId = request.GroupInstanceId,
        ProtocolType = request.ProtocolType,
        Protocols = request.Protocols,
        Reason = request.Reason,
    };
}
