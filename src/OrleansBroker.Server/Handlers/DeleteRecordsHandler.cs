using OrleansBroker.Core;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Moves log start offsets up, on the leader; followers hear of it as they fetch. Segments go with it, so this is done on the thread pool.</summary>
internal sealed class DeleteRecordsHandler(BrokerServices broker) : IHandler<DeleteRecordsRequest, DeleteRecordsResponse>
{
    private const long ToHighWatermark = -1;

    public async ValueTask<DeleteRecordsResponse> HandleAsync(DeleteRecordsRequest request, RequestContext context)
    {
        await Task.Yield();
        return new DeleteRecordsResponse
        {
            Topics = Array.ConvertAll(request.Topics, topic => new DeleteRecordsResponse.DeleteRecordsTopicResult
            {
                Name = topic.Name,
                Partitions = Array.ConvertAll(topic.Partitions, asked => Delete(topic.Name, asked)),
            }),
        };
    }

    private DeleteRecordsResponse.DeleteRecordsPartitionResult Delete(string topic, DeleteRecordsRequest.DeleteRecordsPartition asked)
    {
        var error = broker.Lookup(topic, asked.PartitionIndex, out var partition);
        if (error == ErrorCode.None)
        {
            error = Delete(partition!, asked.Offset);
        }

        return new DeleteRecordsResponse.DeleteRecordsPartitionResult
        {
            PartitionIndex = asked.PartitionIndex,
            ErrorCode = error,
            LowWatermark = error == ErrorCode.None ? partition!.LogStartOffset : -1,
        };
    }

    private static ErrorCode Delete(Partition partition, long before)
    {
        if (!partition.IsLeader)
        {
            return ErrorCode.NotLeaderOrFollower;
        }

        if (partition.IsInternal)
        {
            return ErrorCode.InvalidTopicException;
        }

        if (!partition.Log.Config.Delete)
        {
            // Of a log that is only compacted, every key's last record is to stay.
            return ErrorCode.PolicyViolation;
        }

        var offset = before == ToHighWatermark ? partition.HighWatermark : before;
        return offset < 0 || offset > partition.HighWatermark
            ? ErrorCode.OffsetOutOfRange
            : partition.Log.DeleteRecordsBefore(offset);
    }
}
