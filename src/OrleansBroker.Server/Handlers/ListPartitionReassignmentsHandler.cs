using OrleansBroker.Core;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.Messages.ListPartitionReassignmentsResponse;

namespace OrleansBroker.Server.Handlers;

/// <summary>Version 0 (KIP-455). Any broker answers, from its own image. What does not exist, or is not moved, is left out.</summary>
internal sealed class ListPartitionReassignmentsHandler(BrokerServices broker) : IHandler<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse>
{
    public ValueTask<ListPartitionReassignmentsResponse> HandleAsync(ListPartitionReassignmentsRequest request, RequestContext context)
    {
        var image = broker.Metadata.Current;
        var topics = request.Topics is { } wanted
            ? wanted.Select(topic => image.Find(topic.Name) is { } found ? Describe(found, topic.PartitionIndexes) : null)
            : image.Topics.Select(topic => Describe(topic, Enumerable.Range(0, topic.Partitions.Length)));
        return new(new ListPartitionReassignmentsResponse { Topics = [.. topics.OfType<OngoingTopicReassignment>()] });
    }

    private static OngoingTopicReassignment? Describe(TopicImage topic, IEnumerable<int> partitions)
    {
        var ongoing = partitions
            .Where(index => index >= 0 && index < topic.Partitions.Length && topic.Partitions[index].IsReassigning)
            .Select(index => Describe(index, topic.Partitions[index]))
            .ToArray();
        return ongoing.Length == 0 ? null : new() { Name = topic.Name, Partitions = ongoing };
    }

    private static OngoingPartitionReassignment Describe(int index, PartitionImage partition) => new()
    {
        PartitionIndex = index,
        Replicas = Ids(partition.Replicas),
        AddingReplicas = Ids(partition.Adding),
        RemovingReplicas = Ids(partition.Removing),
    };

    private static int[] Ids(BrokerId[] ids) => Array.ConvertAll(ids, id => id.Value);
}
