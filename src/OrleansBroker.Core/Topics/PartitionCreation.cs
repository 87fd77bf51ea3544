using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.ErrorCode;
using static OrleansBroker.Protocol.Messages.CreatePartitionsRequest;
using static OrleansBroker.Protocol.Messages.CreatePartitionsResponse;

namespace OrleansBroker.Core.Topics;

/// <summary>Decides one CreatePartitions request.</summary>
internal sealed class PartitionCreation(Catalog catalog, CatalogView view)
{
    private readonly List<CatalogRecord> _records = [];

    public CatalogResult<CreatePartitionsResponse> Run(CreatePartitionsRequest request)
    {
        var duplicates = Duplicates.Of(request.Topics.Select(topic => topic.Name));
        var results = new List<CreatePartitionsTopicResult>(request.Topics.Length);
        foreach (var wanted in request.Topics.DistinctBy(topic => topic.Name))
        {
            var refusal = duplicates.Contains(wanted.Name) ? new Refusal(InvalidRequest, "The topic stands in the request more than once") : Grow(wanted);
            results.Add(new() { Name = wanted.Name, ErrorCode = refusal?.Code ?? None, ErrorMessage = refusal?.Message });
        }

        return new(request.ValidateOnly ? [] : _records, new() { Results = [.. results] });
    }

    private Refusal? Grow(CreatePartitionsTopic wanted)
    {
        if (catalog.Find(wanted.Name) is not { } topic)
        {
            return new(UnknownTopicOrPartition, $"There is no topic '{wanted.Name}'");
        }

        // The number of partitions is part of how groups find their coordinator.
        if (topic.IsInternal)
        {
            return new(InvalidTopicException, $"Topic '{wanted.Name}' is internal: its partitions do not change");
        }

        var existing = topic.Replicas.Length;
        if (wanted.Count <= existing)
        {
            return new(InvalidPartitions, $"Topic '{wanted.Name}' has {existing} partitions, {wanted.Count} would not be more");
        }

        var added = wanted.Count - existing;
        if (added > TopicCreation.PartitionsPerRequestMax)
        {
            return new(PolicyViolation, $"One request may create at most {TopicCreation.PartitionsPerRequestMax} partitions");
        }

        var refusal = Place(wanted, topic, added, out var replicas);
        if (refusal is null)
        {
            _records.Add(new PartitionsAdded(topic with { Replicas = [.. topic.Replicas, .. replicas] }, existing));
        }

        return refusal;
    }

    private Refusal? Place(CreatePartitionsTopic wanted, CatalogTopic topic, int added, out Protocol.BrokerId[][] replicas)
    {
        replicas = [];
        var replicationFactor = topic.Replicas[0].Length;
        if (wanted.Assignments is { } assignments)
        {
            return assignments.Length == added
                ? ReplicaPlacement.TryTake([.. assignments.Select(assignment => assignment.BrokerIds)], replicationFactor, view.Brokers, out replicas)
                : new(InvalidReplicaAssignment, $"{added} partitions are to be added, but {assignments.Length} are assigned");
        }

        if (replicationFactor > view.Brokers.Count)
        {
            return new(InvalidReplicationFactor, $"The replication factor {replicationFactor} is larger than the number of brokers, {view.Brokers.Count}");
        }

        replicas = ReplicaPlacement.Spread(topic.Replicas, added, replicationFactor, view.Brokers, topic.Name);
        return null;
    }
}
