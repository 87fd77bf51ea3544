using OrleansBroker.Core;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Storage;
using ListOffsetsPartition = OrleansBroker.Protocol.Messages.ListOffsetsRequest.ListOffsetsPartition;
using ListOffsetsPartitionResponse = OrleansBroker.Protocol.Messages.ListOffsetsResponse.ListOffsetsPartitionResponse;

namespace OrleansBroker.Server.Handlers;

/// <summary>Finds offsets by timestamp, and the special ones. A search that opens batches goes to the thread pool.</summary>
internal sealed class ListOffsetsHandler(BrokerServices broker) : IHandler<ListOffsetsRequest, ListOffsetsResponse>
{
    private const sbyte ReadCommitted = 1;
    private const int Consumer = -1;
    private const int Debugging = -2;
    private const short OffsetNotAvailableSince = 5;

    public ValueTask<ListOffsetsResponse> HandleAsync(ListOffsetsRequest request, RequestContext context)
    {
        foreach (var topic in request.Topics)
        {
            foreach (var partition in topic.Partitions)
            {
                if (partition.Timestamp is >= 0 or ListOffsetsRequest.MaxTimestamp)
                {
                    return AnswerOnPoolAsync(request, context.ApiVersion);
                }
            }
        }

        return new ValueTask<ListOffsetsResponse>(Answer(request, context.ApiVersion));
    }

    private async ValueTask<ListOffsetsResponse> AnswerOnPoolAsync(ListOffsetsRequest request, short version)
    {
        await Task.Yield();
        return Answer(request, version);
    }

    private ListOffsetsResponse Answer(ListOffsetsRequest request, short version)
    {
        var repeated = Repeated(request);
        return new ListOffsetsResponse
        {
            Topics = Array.ConvertAll(request.Topics, topic => new ListOffsetsResponse.ListOffsetsTopicResponse
            {
                Name = topic.Name,
                Partitions = Array.ConvertAll(topic.Partitions, partition => repeated?.Contains(new TopicPartition(topic.Name, partition.PartitionIndex)) == true
                    ? Fail(partition, ErrorCode.InvalidRequest)
                    : Answer(topic.Name, partition, request, version)),
            }),
        };
    }

    /// <summary>The partitions that the request names more than once; null where there is none.</summary>
    private static HashSet<TopicPartition>? Repeated(ListOffsetsRequest request)
    {
        HashSet<TopicPartition>? repeated = null;
        var seen = new HashSet<TopicPartition>();
        foreach (var topic in request.Topics)
        {
            foreach (var partition in topic.Partitions)
            {
                var name = new TopicPartition(topic.Name, partition.PartitionIndex);
                if (!seen.Add(name))
                {
                    (repeated ??= []).Add(name);
                }
            }
        }

        return repeated;
    }

    private ListOffsetsPartitionResponse Answer(string topic, ListOffsetsPartition asked, ListOffsetsRequest request, short version)
    {
        var error = broker.Lookup(topic, asked.PartitionIndex, out var partition);
        if (error == ErrorCode.None)
        {
            // A debugging consumer may ask any replica.
            error = request.ReplicaId == Debugging ? partition!.CheckEpoch(asked.CurrentLeaderEpoch) : partition!.CheckLeader(asked.CurrentLeaderEpoch);
        }

        if (error == ErrorCode.None && asked.Timestamp < 0 && version < SinceVersion(asked.Timestamp))
        {
            error = ErrorCode.UnsupportedVersion;
        }

        if (error != ErrorCode.None)
        {
            return Fail(asked, error);
        }

        // Asked before the high watermark is read: one that becomes known in between may be more than what was read.
        var isEndKnown = partition!.IsHighWatermarkKnown;

        // A follower, or a debugging consumer, sees what is not committed yet.
        var limit = request.ReplicaId != Consumer ? partition!.Log.LogEndOffset
            : request.IsolationLevel == ReadCommitted ? partition!.LastStableOffset
            : partition!.HighWatermark;
        var answer = new ListOffsetsPartitionResponse { PartitionIndex = asked.PartitionIndex };
        try
        {
            Find(partition!, asked.Timestamp, limit, answer);
            return request.ReplicaId == Consumer && !isEndKnown && IsHidden(asked.Timestamp, answer)
                ? Fail(asked, version >= OffsetNotAvailableSince ? ErrorCode.OffsetNotAvailable : ErrorCode.LeaderNotAvailable)
                : answer;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // A search opens batches: one that is damaged, or of a log that has just been deleted, fails its partition only.
            return Fail(asked, ErrorCode.KafkaStorageError);
        }
    }

    /// <summary>Whether the answer may lie behind what earlier leaders showed: a new leader does not know yet how far that was.</summary>
    private static bool IsHidden(long timestamp, ListOffsetsPartitionResponse answer) =>
        timestamp == ListOffsetsRequest.LatestTimestamp || (timestamp is >= 0 or ListOffsetsRequest.MaxTimestamp && answer.Offset < 0);

    private static ListOffsetsPartitionResponse Fail(ListOffsetsPartition asked, ErrorCode error) =>
        new() { PartitionIndex = asked.PartitionIndex, ErrorCode = error };

    /// <summary>The version that a special timestamp came with; none that this broker knows has the others.</summary>
    private static short SinceVersion(long timestamp) => timestamp switch
    {
        ListOffsetsRequest.LatestTimestamp or ListOffsetsRequest.EarliestTimestamp => 0,
        ListOffsetsRequest.MaxTimestamp => 7,
        ListOffsetsRequest.EarliestLocalTimestamp => 8,
        ListOffsetsRequest.LatestTieredTimestamp => 9,
        ListOffsetsRequest.EarliestPendingUploadTimestamp => 11,
        _ => short.MaxValue,
    };

    private static void Find(Partition partition, long timestamp, long limit, ListOffsetsPartitionResponse answer)
    {
        switch (timestamp)
        {
            case ListOffsetsRequest.LatestTimestamp:
                At(limit, partition.LeaderEpoch, answer);
                break;
            case ListOffsetsRequest.EarliestTimestamp:
            case ListOffsetsRequest.EarliestLocalTimestamp:
                var start = partition.LogStartOffset;
                At(start, partition.Log.Epochs.EpochOf(start), answer);
                break;
            case ListOffsetsRequest.LatestTieredTimestamp:
            case ListOffsetsRequest.EarliestPendingUploadTimestamp:
                // Nothing is tiered: offset -1.
                break;
            case ListOffsetsRequest.MaxTimestamp:
                Set(partition.Log.FindMaxTimestamp(), limit, answer);
                break;
            default:
                Set(partition.Log.FindByTimestamp(timestamp, limit), limit, answer);
                break;
        }
    }

    private static void At(long offset, LeaderEpoch epoch, ListOffsetsPartitionResponse answer)
    {
        answer.Offset = offset;
        answer.LeaderEpoch = epoch.Value;
    }

    /// <summary>Answers the record that was found, unless the client may not see it yet.</summary>
    private static void Set(TimestampedOffset? found, long limit, ListOffsetsPartitionResponse answer)
    {
        if (found is { } record && record.Offset < limit)
        {
            At(record.Offset, record.Epoch, answer);
            answer.Timestamp = record.TimestampMs;
        }
    }
}
