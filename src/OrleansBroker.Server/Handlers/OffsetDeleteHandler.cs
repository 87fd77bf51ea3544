using OrleansBroker.Core;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using RequestPartition = OrleansBroker.Protocol.Messages.OffsetDeleteRequest.OffsetDeleteRequestPartition;
using ResponsePartition = OrleansBroker.Protocol.Messages.OffsetDeleteResponse.OffsetDeleteResponsePartition;

namespace OrleansBroker.Server.Handlers;

/// <summary>Version 0. Partitions that do not exist are refused here; the group hears of the others.</summary>
internal sealed class OffsetDeleteHandler(BrokerServices broker) : IHandler<OffsetDeleteRequest, OffsetDeleteResponse>
{
    public async ValueTask<OffsetDeleteResponse> HandleAsync(OffsetDeleteRequest request, RequestContext context)
    {
        var metadata = broker.Metadata.Current;
        var refused = new Dictionary<string, ResponsePartition[]>();
        foreach (var topic in request.Topics)
        {
            var found = metadata.Find(topic.Name);
            refused[topic.Name] = Array.ConvertAll(
                Array.FindAll(topic.Partitions, partition => !Exists(found, partition)),
                partition => new ResponsePartition { PartitionIndex = partition.PartitionIndex, ErrorCode = ErrorCode.UnknownTopicOrPartition });
            topic.Partitions = Array.FindAll(topic.Partitions, partition => Exists(found, partition));
        }

        var response = await broker.Groups.DeleteOffsetsAsync(request, context.ToGroupCaller());
        foreach (var topic in response.Topics)
        {
            topic.Partitions = [.. topic.Partitions, .. refused[topic.Name]];
        }

        return response;
    }

    private static bool Exists(TopicImage? topic, RequestPartition partition) =>
        topic is not null && (uint)partition.PartitionIndex < (uint)topic.Partitions.Length;
}
