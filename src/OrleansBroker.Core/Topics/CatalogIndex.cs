using System.Collections.Frozen;

namespace OrleansBroker.Core.Topics;

/// <summary>
/// Which topics there are, and in which version of the catalog each document last changed: a broker that knows an earlier version
/// reads again what changed since, and nothing else.
/// </summary>
/// <param name="Version">Grows with every change of anything.</param>
/// <param name="Topics">By id.</param>
/// <param name="Configs">The versions of the documents with altered configurations, by their names.</param>
public sealed record CatalogIndex(long Version, IReadOnlyDictionary<Guid, IndexedTopic> Topics, IReadOnlyDictionary<string, long> Configs)
{
    public static readonly CatalogIndex Empty = new(0, FrozenDictionary<Guid, IndexedTopic>.Empty, FrozenDictionary<string, long>.Empty);

    /// <summary>The index after these records.</summary>
    /// <param name="version">Of the catalog with them.</param>
    public CatalogIndex With(IEnumerable<CatalogRecord> records, long version)
    {
        var topics = new Dictionary<Guid, IndexedTopic>(Topics);
        var configs = new Dictionary<string, long>(Configs, StringComparer.Ordinal);
        foreach (var record in records)
        {
            switch (record)
            {
                case TopicCreated { Topic: var topic }:
                    topics[topic.Id] = new(topic.Name, version);
                    break;
                case PartitionsAdded { Topic: var topic }:
                    topics[topic.Id] = new(topic.Name, version);
                    break;
                case TopicConfigChanged { Topic: var topic }:
                    topics[topic.Id] = new(topic.Name, version);
                    break;
                case TopicDeleted { Topic: var topic }:
                    topics.Remove(topic.Id);
                    break;
                case BrokerConfigChanged changed:
                    configs[CatalogDocuments.NameOf(changed.Broker)] = version;
                    break;
                default:
                    throw new InvalidOperationException($"{record.GetType().Name} is not a record of the catalog");
            }
        }

        return new(version, topics, configs);
    }
}
