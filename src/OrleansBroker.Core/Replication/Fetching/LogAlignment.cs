using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Replication.Fetching;

/// <summary>
/// Brings a follower's log in line with its leader's, by leader epochs (KIP-101, KIP-279) and never by its own high watermark: what
/// lies above that may be committed all the same.
/// <code>
///  the leader answers      the follower
///  DivergingEpoch (e, x)   cuts its log to the lesser of x and where e, or the epoch before it, ends here; and asks again
///  OFFSET_OUT_OF_RANGE     asks where the leader's log begins and ends; where its own lies outside, it starts anew at that beginning,
///                          and else asks again after a while
/// </code>
/// </summary>
internal sealed class LogAlignment(ReplicaServices services, ILogger logger)
{
    private const short ListOffsetsVersion = 9;

    /// <returns>False where nothing came of it: another epoch has begun.</returns>
    /// <exception cref="IOException">The log has failed.</exception>
    public bool Truncate(FollowedPartition followed, FetchResponse.EpochEndOffset diverging)
    {
        var log = followed.Partition.Log;
        var before = (log.LogEndOffset, log.Epochs.Latest);
        var own = log.EndOffsetFor(new LeaderEpoch(diverging.Epoch)).EndOffset;
        var end = own < 0 ? diverging.EndOffset : Math.Min(diverging.EndOffset, own);
        if (!log.TryTruncateTo(end, followed.Epoch))
        {
            return false;
        }

        ReplicationLog.Truncated(logger, followed.Partition.Name, before.LogEndOffset, log.LogEndOffset, followed.Epoch.Value);
        return before != (log.LogEndOffset, log.Epochs.Latest);
    }

    /// <returns>False where the leader did not say, or nothing came of it.</returns>
    /// <exception cref="IOException">The log has failed, or the connection is lost.</exception>
    public async ValueTask<bool> StartAnewAsync(FollowedPartition followed, IBrokerConnection connection, CancellationToken cancellation)
    {
        var log = followed.Partition.Log;
        if (await ListAsync(followed, ListOffsetsRequest.EarliestTimestamp, connection, cancellation) is not { } start
            || await ListAsync(followed, ListOffsetsRequest.LatestTimestamp, connection, cancellation) is not { } end)
        {
            return false;
        }

        if (start <= log.LogEndOffset && log.LogEndOffset <= end)
        {
            // The leader has appended or deleted meanwhile. Or it does not know this log's last epoch, as after the document store went
            // back: what was written in that may be committed, so it is not cut off, and only a later leader can tell.
            return false;
        }

        // Replies come on the thread that polls the socket.
        await Task.Yield();
        ReplicationLog.StartedAnew(logger, followed.Partition.Name, log.LogStartOffset, log.LogEndOffset, start, end);
        return log.TryStartAnewAt(start, followed.Epoch, services.Clock.GetUtcNow().ToUnixTimeMilliseconds());
    }

    private async ValueTask<long?> ListAsync(FollowedPartition followed, long timestamp, IBrokerConnection connection, CancellationToken cancellation)
    {
        var request = new ListOffsetsRequest
        {
            ReplicaId = services.Self.Id.Value,
            Topics =
            [
                new ListOffsetsRequest.ListOffsetsTopic
                {
                    Name = followed.Partition.Name.Topic,
                    Partitions = [new ListOffsetsRequest.ListOffsetsPartition { PartitionIndex = followed.Key.Partition, CurrentLeaderEpoch = followed.Epoch.Value, Timestamp = timestamp }],
                },
            ],
        };
        var response = await connection.SendAsync<ListOffsetsRequest, ListOffsetsResponse>(request, ListOffsetsVersion, cancellation);
        return response.Topics is [{ Partitions: [{ ErrorCode: ErrorCode.None, Offset: >= 0 } answer] }] ? answer.Offset : null;
    }
}
