using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Says where a leader epoch ends in the leader's log, for those who want to know whether theirs went another way.</summary>
internal sealed class OffsetForLeaderEpochHandler(BrokerServices broker) : IHandler<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>
{
    public ValueTask<OffsetForLeaderEpochResponse> HandleAsync(OffsetForLeaderEpochRequest request, RequestContext context) =>
        new(new OffsetForLeaderEpochResponse
        {
            Topics = Array.ConvertAll(request.Topics, topic => new OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult
            {
                Topic = topic.Topic,
                Partitions = Array.ConvertAll(topic.Partitions, asked => Answer(topic.Topic, asked)),
            }),
        });

    private OffsetForLeaderEpochResponse.EpochEndOffset Answer(string topic, OffsetForLeaderEpochRequest.OffsetForLeaderPartition asked)
    {
        var answer = new OffsetForLeaderEpochResponse.EpochEndOffset { Partition = asked.Partition };
        answer.ErrorCode = broker.Lookup(topic, asked.Partition, out var partition);
        if (answer.ErrorCode == ErrorCode.None)
        {
            answer.ErrorCode = partition!.CheckLeader(asked.CurrentLeaderEpoch);
        }

        if (answer.ErrorCode == ErrorCode.None)
        {
            var end = partition!.Log.EndOffsetFor(new LeaderEpoch(asked.LeaderEpoch));
            answer.LeaderEpoch = end.Epoch.Value;
            answer.EndOffset = end.EndOffset;
        }

        return answer;
    }
}
