using System.Collections.Frozen;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.ErrorCode;
using static OrleansBroker.Protocol.Messages.CreateTopicsRequest;
using static OrleansBroker.Protocol.Messages.CreateTopicsResponse;

namespace OrleansBroker.Core.Topics;

/// <summary>Decides one CreateTopics request. Its topics stand each on its own.</summary>
internal sealed class TopicCreation(Catalog catalog, CatalogView view, Func<Guid> newTopicId)
{
    /// <summary>Kafka's limit for one request: more would hold up everybody else.</summary>
    public const int PartitionsPerRequestMax = 10_000;

    private readonly Dictionary<string, string> _collisionKeys = new(StringComparer.Ordinal);
    private readonly List<CatalogRecord> _records = [];
    private CreatableTopicConfigs[]? _defaultConfigs;
    private int _partitions;

    public CatalogResult<CreateTopicsResponse> Run(CreateTopicsRequest request)
    {
        var duplicates = Duplicates.Of(request.Topics.Select(topic => topic.Name));
        var results = new List<CreatableTopicResult>(request.Topics.Length);
        foreach (var wanted in request.Topics.DistinctBy(topic => topic.Name))
        {
            var refusal = duplicates.Contains(wanted.Name) ? new Refusal(InvalidRequest, "The topic stands in the request more than once")
                : CheckName(wanted.Name) ?? TakeConfigs(wanted, out var configs) ?? PlacePartitions(wanted, out var replicas) ?? Create(wanted.Name, configs, replicas, request.ValidateOnly, results);
            if (refusal is not null)
            {
                results.Add(new() { Name = wanted.Name, ErrorCode = refusal.Code, ErrorMessage = refusal.Message });
            }
        }

        return new(request.ValidateOnly ? [] : _records, new() { Topics = [.. results] });
    }

    private Refusal? CheckName(string name)
    {
        if (TopicNames.Problem(name) is { } problem)
        {
            return new(InvalidTopicException, problem);
        }

        if (catalog.Find(name) is not null)
        {
            return new(TopicAlreadyExists, $"Topic '{name}' already exists");
        }

        if (TopicNames.CollisionKey(name) is { } key && (catalog.FindColliding(key) ?? _collisionKeys.GetValueOrDefault(key)) is { } existing)
        {
            return new(InvalidTopicException, $"Topic '{name}' collides with topic '{existing}': they differ only in '.' and '_'");
        }

        return null;
    }

    private Refusal? TakeConfigs(CreatableTopic wanted, out IReadOnlyDictionary<string, string> configs)
    {
        var taken = new Dictionary<string, string>(wanted.Configs.Length, StringComparer.Ordinal);
        configs = wanted.Configs.Length == 0 ? FrozenDictionary<string, string>.Empty : taken;
        foreach (var config in wanted.Configs)
        {
            if (config.Value is null)
            {
                return new(InvalidConfig, $"{config.Name}: null is not a value");
            }

            taken[config.Name] = config.Value;
        }

        return TopicConfigs.TryValidate(configs, view.Config, out var problem) ? null : new(InvalidConfig, problem.ToString());
    }

    private Refusal? PlacePartitions(CreatableTopic wanted, out BrokerId[][] replicas)
    {
        replicas = [];
        var count = wanted.Assignments.Length > 0 ? wanted.Assignments.Length
            : wanted.NumPartitions == -1 ? view.Config.NumPartitions
            : wanted.NumPartitions;
        var refusal = wanted.Assignments.Length > 0 ? TakeAssignments(wanted, out replicas) : SpreadPartitions(wanted, count, out replicas);
        return refusal ?? (_partitions + replicas.Length > PartitionsPerRequestMax ? TooMany() : null);
    }

    private Refusal? TakeAssignments(CreatableTopic wanted, out BrokerId[][] replicas)
    {
        replicas = [];
        if (wanted.NumPartitions != -1)
        {
            return new(InvalidRequest, "With an assignment the number of partitions must be -1");
        }

        if (wanted.ReplicationFactor != -1)
        {
            return new(InvalidRequest, "With an assignment the replication factor must be -1");
        }

        var inOrder = wanted.Assignments.OrderBy(assignment => assignment.PartitionIndex).ToArray();
        for (var partition = 0; partition < inOrder.Length; partition++)
        {
            if (inOrder[partition].PartitionIndex != partition)
            {
                return new(InvalidReplicaAssignment, $"The assignment must name each partition from 0 to {inOrder.Length - 1} once");
            }
        }

        return ReplicaPlacement.TryTake([.. inOrder.Select(assignment => assignment.BrokerIds)], 0, view.Brokers, out replicas);
    }

    private Refusal? SpreadPartitions(CreatableTopic wanted, int count, out BrokerId[][] replicas)
    {
        replicas = [];
        if (wanted.ReplicationFactor is < -1 or 0)
        {
            return new(InvalidReplicationFactor, "The replication factor must be positive, or -1 for the default");
        }

        if (count <= 0)
        {
            return new(InvalidPartitions, "The number of partitions must be positive, or -1 for the default");
        }

        var replicationFactor = wanted.ReplicationFactor == -1 ? view.Config.DefaultReplicationFactorAmong(view.Brokers.Count) : wanted.ReplicationFactor;
        if (replicationFactor > view.Brokers.Count)
        {
            return new(InvalidReplicationFactor, $"The replication factor {replicationFactor} is larger than the number of brokers, {view.Brokers.Count}");
        }

        if (count > PartitionsPerRequestMax)
        {
            return TooMany();
        }

        replicas = ReplicaPlacement.Spread([], count, replicationFactor, view.Brokers, wanted.Name);
        return null;
    }

    private static Refusal TooMany() => new(PolicyViolation, $"One request may create at most {PartitionsPerRequestMax} partitions");

    private Refusal? Create(string name, IReadOnlyDictionary<string, string> configs, BrokerId[][] replicas, bool validateOnly, List<CreatableTopicResult> results)
    {
        var topic = new CatalogTopic(name, newTopicId(), replicas) { Configs = configs };
        _records.Add(new TopicCreated(topic));
        _partitions += replicas.Length;
        if (TopicNames.CollisionKey(name) is { } key)
        {
            _collisionKeys[key] = name;
        }

        results.Add(new()
        {
            Name = name,
            TopicId = validateOnly ? Guid.Empty : topic.Id,
            NumPartitions = replicas.Length,
            ReplicationFactor = (short)replicas[0].Length,
            Configs = configs.Count == 0 ? _defaultConfigs ??= Describe(configs) : Describe(configs),
        });
        return null;
    }

    private CreatableTopicConfigs[] Describe(IReadOnlyDictionary<string, string> configs) =>
    [
        .. from definition in TopicConfigTable.Table.All
           where !definition.IsInternal
           select new CreatableTopicConfigs
           {
               Name = definition.Name,
               Value = definition.IsSensitive ? null : ConfigDefinition.Print(TopicConfigs.ValueOf(definition, configs, view.Config)),
               ConfigSource = (sbyte)TopicConfigs.SourceOf(definition, configs, view.Config),
               IsSensitive = definition.IsSensitive,
           },
    ];
}
