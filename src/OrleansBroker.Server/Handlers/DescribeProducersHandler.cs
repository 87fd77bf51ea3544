using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Lists the idempotent producers that a partition remembers (KIP-664).</summary>
internal sealed class DescribeProducersHandler(BrokerServices broker) : IHandler<DescribeProducersRequest, DescribeProducersResponse>
{
    public ValueTask<DescribeProducersResponse> HandleAsync(DescribeProducersRequest request, RequestContext context) =>
        new(new DescribeProducersResponse
        {
            Topics = Array.ConvertAll(request.Topics, topic => new DescribeProducersResponse.TopicResponse
            {
                Name = topic.Name,
                Partitions = Array.ConvertAll(topic.PartitionIndexes, index => Answer(topic.Name, index)),
            }),
        });

    private DescribeProducersResponse.PartitionResponse Answer(string topic, int index)
    {
        var answer = new DescribeProducersResponse.PartitionResponse { PartitionIndex = index };
        answer.ErrorCode = broker.Lookup(topic, index, out var partition);
        if (answer.ErrorCode == ErrorCode.None && !partition!.IsLeader)
        {
            answer.ErrorCode = ErrorCode.NotLeaderOrFollower;
        }

        if (answer.ErrorCode == ErrorCode.None)
        {
            answer.ActiveProducers =
            [
                .. partition!.Log.ActiveProducers().Select(producer => new DescribeProducersResponse.ProducerState
                {
                    ProducerId = producer.Id.Value,
                    ProducerEpoch = producer.Epoch,
                    LastSequence = producer.LastSequence,
                    LastTimestamp = producer.LastTimestampMs,
                    CoordinatorEpoch = producer.CoordinatorEpoch,
                    CurrentTxnStartOffset = producer.CurrentTransactionStartOffset,
                }),
            ];
        }

        return answer;
    }
}
