using OrleansBroker.Core;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.Messages.DeleteRecordsResponse;

namespace OrleansBroker.Server.Handlers;

/// <summary>
/// Versions 0 to 2. Moves log start offsets up on the leader, and waits until those of all replicas that live have followed, or answers
/// REQUEST_TIMED_OUT. Segments go with it, so this is done on the thread pool.
/// </summary>
internal sealed class DeleteRecordsHandler(BrokerServices broker) : IHandler<DeleteRecordsRequest, DeleteRecordsResponse>
{
    private const long ToHighWatermark = -1;

    public async ValueTask<DeleteRecordsResponse> HandleAsync(DeleteRecordsRequest request, RequestContext context)
    {
        await Task.Yield();
        var topics = Array.ConvertAll(request.Topics, topic => (topic.Name, Partitions: Array.ConvertAll(topic.Partitions, asked => Delete(topic.Name, asked))));
        RecordDeletion[] begun = [.. topics.SelectMany(topic => topic.Partitions).Select(each => each.Deletion).OfType<RecordDeletion>()];
        foreach (var deletion in begun)
        {
            // Followers that wait for records are to hear of it now.
            deletion.Partition.NotifyAppended();
        }

        await new RecordDeletionWait(begun, broker.Membership, broker.Clock).RunAsync(TimeSpan.FromMilliseconds(request.TimeoutMs), context.Closed);
        return new DeleteRecordsResponse
        {
            Topics = Array.ConvertAll(topics, topic => new DeleteRecordsTopicResult { Name = topic.Name, Partitions = Array.ConvertAll(topic.Partitions, each => each.ToResult()) }),
        };
    }

    private Outcome Delete(string topic, DeleteRecordsRequest.DeleteRecordsPartition asked)
    {
        var error = broker.Lookup(topic, asked.PartitionIndex, out var partition);
        if (error == ErrorCode.None)
        {
            error = Check(partition!);
        }

        if (error != ErrorCode.None)
        {
            return new(asked.PartitionIndex, error, null);
        }

        var offset = asked.Offset == ToHighWatermark ? partition!.HighWatermark : asked.Offset;
        error = offset < 0 || offset > partition!.HighWatermark ? ErrorCode.OffsetOutOfRange : partition.Log.DeleteRecordsBefore(offset);
        return new(asked.PartitionIndex, error, error == ErrorCode.None ? new RecordDeletion(partition!, offset) : null);
    }

    private static ErrorCode Check(Partition partition) =>
        !partition.IsLeader ? ErrorCode.NotLeaderOrFollower
        : partition.IsInternal ? ErrorCode.InvalidTopicException

        // Of a log that is only compacted, every key's last record is to stay.
        : !partition.Log.Config.Delete ? ErrorCode.PolicyViolation
        : ErrorCode.None;

    /// <param name="Deletion">Null where nothing was begun.</param>
    private sealed record Outcome(int Partition, ErrorCode Error, RecordDeletion? Deletion)
    {
        public DeleteRecordsPartitionResult ToResult() => new()
        {
            PartitionIndex = Partition,
            ErrorCode = Deletion?.Error ?? Error,
            LowWatermark = Deletion?.LowWatermark ?? -1,
        };
    }
}
