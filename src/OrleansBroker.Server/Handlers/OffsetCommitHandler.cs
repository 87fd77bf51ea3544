using OrleansBroker.Core;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using RequestPartition = OrleansBroker.Protocol.Messages.OffsetCommitRequest.OffsetCommitRequestPartition;
using RequestTopic = OrleansBroker.Protocol.Messages.OffsetCommitRequest.OffsetCommitRequestTopic;
using ResponsePartition = OrleansBroker.Protocol.Messages.OffsetCommitResponse.OffsetCommitResponsePartition;
using ResponseTopic = OrleansBroker.Protocol.Messages.OffsetCommitResponse.OffsetCommitResponseTopic;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 2 to 10. Partitions that do not exist are refused here; the group hears of the others, by name.</summary>
internal sealed class OffsetCommitHandler(BrokerServices broker) : IHandler<OffsetCommitRequest, OffsetCommitResponse>
{
    /// <summary>From this version on topics are named by id.</summary>
    private const short TopicIdsSince = 10;

    public async ValueTask<OffsetCommitResponse> HandleAsync(OffsetCommitRequest request, RequestContext context)
    {
        var metadata = broker.Metadata.Current;
        var refused = new List<ResponseTopic>();
        var accepted = new List<RequestTopic>(request.Topics.Length);
        foreach (var topic in request.Topics)
        {
            var found = context.ApiVersion >= TopicIdsSince ? metadata.Find(topic.TopicId) : metadata.Find(topic.Name);
            var error = found is null && context.ApiVersion >= TopicIdsSince ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
            topic.Name = found?.Name ?? topic.Name;
            var missing = Array.FindAll(topic.Partitions, partition => !Exists(found, partition));
            if (missing.Length > 0)
            {
                refused.Add(new ResponseTopic
                {
                    Name = topic.Name,
                    TopicId = topic.TopicId,
                    Partitions = Array.ConvertAll(missing, partition => new ResponsePartition { PartitionIndex = partition.PartitionIndex, ErrorCode = error }),
                });
                topic.Partitions = Array.FindAll(topic.Partitions, partition => Exists(found, partition));
            }

            if (topic.Partitions.Length > 0)
            {
                accepted.Add(topic);
            }
        }

        if (accepted.Count == 0)
        {
            return new OffsetCommitResponse { Topics = [.. refused] };
        }

        request.Topics = [.. accepted];
        var response = await broker.Groups.CommitOffsetsAsync(request, context.ToGroupCaller(), context.Closed);
        Merge(response, refused);
        return response;
    }

    private static bool Exists(TopicImage? topic, RequestPartition partition) =>
        topic is not null && (uint)partition.PartitionIndex < (uint)topic.Partitions.Length;

    /// <summary>Clients expect a topic to be in the response once.</summary>
    private static void Merge(OffsetCommitResponse response, List<ResponseTopic> refused)
    {
        foreach (var topic in refused)
        {
            var answered = Array.Find(response.Topics, each => each.Name == topic.Name && each.TopicId == topic.TopicId);
            if (answered is null)
            {
                response.Topics = [.. response.Topics, topic];
            }
            else
            {
                answered.Partitions = [.. answered.Partitions, .. topic.Partitions];
            }
        }
    }
}
