using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Topics;

/// <summary>What leads from the catalog that this broker knew to the one that it read.</summary>
internal static class CatalogDifference
{
    public static IReadOnlyList<CatalogRecord> Between(Catalog known, Catalog read)
    {
        var records = new List<CatalogRecord>();
        records.AddRange(known.Topics.Where(topic => read.Find(topic.Id) is null).Select(topic => new TopicDeleted(topic)));
        foreach (var topic in read.Topics)
        {
            records.AddRange(Between(known.Find(topic.Id), topic));
        }

        AddConfigs(records, null, known.AllBrokersConfigs, read.AllBrokersConfigs);
        foreach (var broker in known.BrokersWithConfigs.Union(read.BrokersWithConfigs))
        {
            AddConfigs(records, broker, known.BrokerConfigs(broker), read.BrokerConfigs(broker));
        }

        return records;
    }

    public static IEnumerable<CatalogRecord> Between(CatalogTopic? known, CatalogTopic read)
    {
        if (known is null)
        {
            yield return new TopicCreated(read);
            yield break;
        }

        if (read.Replicas.Length > known.Replicas.Length)
        {
            yield return new PartitionsAdded(read, known.Replicas.Length);
        }

        if (!Same(known.Configs, read.Configs))
        {
            yield return new TopicConfigChanged(read);
        }
    }

    private static void AddConfigs(List<CatalogRecord> records, BrokerId? broker, IReadOnlyDictionary<string, string> known, IReadOnlyDictionary<string, string> read)
    {
        if (!Same(known, read))
        {
            records.Add(new BrokerConfigChanged(broker, read));
        }
    }

    private static bool Same(IReadOnlyDictionary<string, string> left, IReadOnlyDictionary<string, string> right) =>
        left.Count == right.Count && left.All(pair => right.TryGetValue(pair.Key, out var value) && value == pair.Value);
}
