using System.Collections.Frozen;
using System.Collections.Immutable;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Topics;

/// <summary>
/// The topics of a cluster and its dynamic configuration, as a deterministic state machine: a request comes to records and a
/// response; the records change the state when they are replayed, after they were stored.
/// </summary>
/// <remarks>
/// <para>A topic's name and id are each unique, and no two names differ only in '.' and '_'.</para>
/// <para>Every partition of a topic has the same number of replicas; a topic's partitions only grow in number.</para>
/// </remarks>
public sealed class Catalog(Func<Guid> newTopicId)
{
    private static readonly FrozenDictionary<string, string> Nothing = FrozenDictionary<string, string>.Empty;

    private readonly Dictionary<string, CatalogTopic> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, CatalogTopic> _byId = [];
    private readonly Dictionary<string, string> _byCollisionKey = new(StringComparer.Ordinal);
    private readonly Dictionary<BrokerId, IReadOnlyDictionary<string, string>> _brokerConfigs = [];

    public IReadOnlyCollection<CatalogTopic> Topics => _byName.Values;

    /// <summary>What was altered for all brokers.</summary>
    public IReadOnlyDictionary<string, string> AllBrokersConfigs { get; private set; } = Nothing;

    /// <summary>The brokers for which something was altered, in the order of their ids.</summary>
    public IEnumerable<BrokerId> BrokersWithConfigs => _brokerConfigs.Keys.OrderBy(broker => broker.Value);

    /// <summary>The brokers that are to leave the cluster for good: nothing new is placed on them.</summary>
    public ImmutableHashSet<BrokerId> Decommissioned { get; private set; } = [];

    public CatalogTopic? Find(string name) => _byName.GetValueOrDefault(name);

    public CatalogTopic? Find(Guid id) => _byId.GetValueOrDefault(id);

    /// <summary>What was altered for one broker alone.</summary>
    public IReadOnlyDictionary<string, string> BrokerConfigs(BrokerId broker) => _brokerConfigs.GetValueOrDefault(broker) ?? Nothing;

    public CatalogResult<CreateTopicsResponse> CreateTopics(CreateTopicsRequest request, CatalogView view) => new TopicCreation(this, view, newTopicId).Run(request);

    public CatalogResult<CreatePartitionsResponse> CreatePartitions(CreatePartitionsRequest request, CatalogView view) => new PartitionCreation(this, view).Run(request);

    public CatalogResult<DeleteTopicsResponse> DeleteTopics(DeleteTopicsRequest request) => new TopicDeletion(this).Run(request);

    public CatalogResult<AlterConfigsResponse> AlterConfigs(AlterConfigsRequest request, CatalogView view) => new ConfigAlteration(this, view).Run(request);

    public CatalogResult<IncrementalAlterConfigsResponse> IncrementalAlterConfigs(IncrementalAlterConfigsRequest request, CatalogView view) => new ConfigAlteration(this, view).Run(request);

    public CatalogResult<ErrorCode[]> CreateOnFirstUse(IReadOnlyList<string> names, CatalogView view) => new FirstUse(this, view).Run(names);

    /// <summary>Makes a stored record part of the state.</summary>
    public void Replay(CatalogRecord record)
    {
        switch (record)
        {
            case TopicCreated created:
                Put(created.Topic);
                break;
            case PartitionsAdded added:
                Put(added.Topic);
                break;
            case TopicConfigChanged changed:
                Put(changed.Topic);
                break;
            case TopicDeleted deleted:
                Remove(deleted.Topic);
                break;
            case BrokerConfigChanged { Broker: { } broker } changed:
                _brokerConfigs[broker] = changed.Configs;
                Decommissioned = changed.Configs.TryGetValue(BrokerConfig.DecommissionName, out var text) && bool.TryParse(text, out var isSet) && isSet ? Decommissioned.Add(broker) : Decommissioned.Remove(broker);
                break;
            case BrokerConfigChanged changed:
                AllBrokersConfigs = changed.Configs;
                break;
            default:
                throw new InvalidOperationException($"{record.GetType().Name} is not a record of the catalog");
        }
    }

    internal string? FindColliding(string collisionKey) => _byCollisionKey.GetValueOrDefault(collisionKey);

    private void Put(CatalogTopic topic)
    {
        _byName[topic.Name] = topic;
        _byId[topic.Id] = topic;
        if (TopicNames.CollisionKey(topic.Name) is { } key)
        {
            _byCollisionKey[key] = topic.Name;
        }
    }

    private void Remove(CatalogTopic topic)
    {
        _byName.Remove(topic.Name);
        _byId.Remove(topic.Id);
        if (TopicNames.CollisionKey(topic.Name) is { } key)
        {
            _byCollisionKey.Remove(key);
        }
    }
}
