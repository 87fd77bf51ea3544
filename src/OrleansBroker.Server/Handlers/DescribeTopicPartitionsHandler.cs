using OrleansBroker.Core;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.Messages.DescribeTopicPartitionsResponse;

namespace OrleansBroker.Server.Handlers;

/// <summary>
/// Version 0 (KIP-966). Topics come in the order of their names, as many partitions as the response may hold; the cursor says
/// where the next request goes on. What the last leader was is not kept beside the ISR, as the ISR never becomes empty here.
/// </summary>
internal sealed class DescribeTopicPartitionsHandler(BrokerServices broker) : IHandler<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse>
{
    public ValueTask<DescribeTopicPartitionsResponse> HandleAsync(DescribeTopicPartitionsRequest request, RequestContext context)
    {
        var image = broker.Metadata.Current;
        var from = request.Cursor?.TopicName ?? string.Empty;
        var isAllTopics = request.Topics.Length == 0;
        var names = (isAllTopics ? image.TopicNames : request.Topics.Select(topic => topic.Name).Distinct().Order(StringComparer.Ordinal))
            .Where(name => string.CompareOrdinal(name, from) >= 0);
        if (request.Cursor is { } cursor && (cursor.PartitionIndex < 0 || (!isAllTopics && request.Topics.All(topic => topic.Name != from))))
        {
            return new(new DescribeTopicPartitionsResponse
            {
                Topics = Array.ConvertAll(request.Topics, topic => new DescribeTopicPartitionsResponseTopic { Name = topic.Name, ErrorCode = ErrorCode.InvalidRequest }),
            });
        }

        var limit = Math.Max(1, Math.Min(request.ResponsePartitionLimit, broker.Config.Current.MaxRequestPartitionSizeLimit));
        return new(Page(names, request.Cursor, limit, image));
    }

    private static DescribeTopicPartitionsResponse Page(IEnumerable<string> names, DescribeTopicPartitionsRequest.RequestCursor? cursor, int limit, MetadataImage image)
    {
        var page = new List<DescribeTopicPartitionsResponseTopic>();
        foreach (var name in names)
        {
            if (limit == 0)
            {
                return new() { Topics = [.. page], NextCursor = new() { TopicName = name } };
            }

            if (image.Find(name) is not { } topic)
            {
                page.Add(new() { Name = name, ErrorCode = TopicNames.IsValid(name) ? ErrorCode.UnknownTopicOrPartition : ErrorCode.InvalidTopicException, TopicAuthorizedOperations = AuthorizedOperations.Topic });
                continue;
            }

            var first = cursor is not null && name == cursor.TopicName ? Math.Min(cursor.PartitionIndex, topic.Partitions.Length) : 0;
            var count = Math.Min(limit, topic.Partitions.Length - first);
            page.Add(Describe(topic, first, count, image));
            limit -= count;
            if (first + count < topic.Partitions.Length)
            {
                return new() { Topics = [.. page], NextCursor = new() { TopicName = name, PartitionIndex = first + count } };
            }
        }

        return new() { Topics = [.. page] };
    }

    private static DescribeTopicPartitionsResponseTopic Describe(TopicImage topic, int first, int count, MetadataImage image)
    {
        var partitions = new DescribeTopicPartitionsResponsePartition[count];
        for (var i = 0; i < count; i++)
        {
            var view = new PartitionView(topic.Partitions[first + i], image);
            partitions[i] = new()
            {
                ErrorCode = view.Error,
                PartitionIndex = first + i,
                LeaderId = view.LeaderId,
                LeaderEpoch = view.LeaderEpoch,
                ReplicaNodes = view.Replicas,
                IsrNodes = view.Isr,
                EligibleLeaderReplicas = Array.ConvertAll(topic.Partitions[first + i].Eligible, static id => id.Value),
                LastKnownElr = [],
                OfflineReplicas = view.Offline,
            };
        }

        return new() { Name = topic.Name, TopicId = topic.Id, IsInternal = topic.IsInternal, Partitions = partitions, TopicAuthorizedOperations = AuthorizedOperations.Topic };
    }
}
