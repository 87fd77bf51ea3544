using System.Globalization;
using System.Text.Json;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Topics;

/// <summary>
/// The catalog as documents, in JSON: <c>topics</c>, the index, from name to id; <c>topic/{id}</c> for each; <c>config/broker</c>
/// and <c>config/broker/{id}</c> for what was altered. A topic exists while the index names it: the index is written after
/// the topic's document when it is created, and before when it is deleted. A document is named by id, so that two topics of
/// one name, the second created after the first was deleted, never share one.
/// </summary>
/// <remarks>
/// <para>Each content carries the id of its write: after a lost answer the writer looks for its own.</para>
/// <para>
/// The index is written after every change, with the version of the catalog in which each document last changed, which the document
/// itself has as well: where that is greater, the writer ended between the two, and the next one writes the index for it.
/// </para>
/// </remarks>
public static class CatalogDocuments
{
    public const string Index = "topics";

    private const string AllBrokers = "config/broker";

    public static string NameOf(Guid topicId) => $"topic/{topicId:N}";

    public static string NameOf(BrokerId? broker) => broker is { } one ? $"{AllBrokers}/{one}" : AllBrokers;

    /// <summary>Whose configurations a document has; null for those of all brokers.</summary>
    public static BrokerId? BrokerOf(string name) =>
        name == AllBrokers ? null : new BrokerId(int.Parse(name.AsSpan(AllBrokers.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture));

    public static byte[] WriteIndex(CatalogIndex index, Guid write) => JsonSerializer.SerializeToUtf8Bytes(
        new(
            write,
            index.Topics.ToDictionary(topic => topic.Value.Name, topic => topic.Key, StringComparer.Ordinal),
            index.Version,
            index.Topics.ToDictionary(topic => topic.Key, topic => topic.Value.Version),
            index.Configs.ToDictionary(StringComparer.Ordinal)),
        CatalogJson.Default.TopicIndexDocument);

    public static CatalogIndex ReadIndex(ReadOnlySpan<byte> content)
    {
        var document = Parsed(JsonSerializer.Deserialize(content, CatalogJson.Default.TopicIndexDocument));
        var topics = document.Topics.ToDictionary(topic => topic.Value, topic => new IndexedTopic(topic.Key, document.Versions?.GetValueOrDefault(topic.Value) ?? 0));
        return new(document.Version, topics, document.Configs ?? []);
    }

    public static byte[] WriteTopic(CatalogTopic topic, long version, Guid write)
    {
        var replicas = Array.ConvertAll(topic.Replicas, ids => Array.ConvertAll(ids, id => id.Value));
        return JsonSerializer.SerializeToUtf8Bytes(
            new(write, topic.Name, topic.Id, replicas, topic.Configs.ToDictionary(StringComparer.Ordinal), version), CatalogJson.Default.TopicDocument);
    }

    public static (CatalogTopic Topic, long Version) ReadTopic(ReadOnlySpan<byte> content)
    {
        var document = Parsed(JsonSerializer.Deserialize(content, CatalogJson.Default.TopicDocument));
        var replicas = Array.ConvertAll(document.Replicas, ids => Array.ConvertAll(ids, id => new BrokerId(id)));
        var topic = new CatalogTopic(document.Name, document.Id, replicas);
        return (document.Configs.Count == 0 ? topic : topic with { Configs = document.Configs }, document.Version);
    }

    public static byte[] WriteConfigs(IReadOnlyDictionary<string, string> configs, long version, Guid write) =>
        JsonSerializer.SerializeToUtf8Bytes(new(write, configs.ToDictionary(StringComparer.Ordinal), version), CatalogJson.Default.ConfigDocument);

    public static (IReadOnlyDictionary<string, string> Configs, long Version) ReadConfigs(ReadOnlySpan<byte> content)
    {
        var document = Parsed(JsonSerializer.Deserialize(content, CatalogJson.Default.ConfigDocument));
        return (document.Configs, document.Version);
    }

    private static T Parsed<T>(T? document) => document ?? throw new JsonException("A document of the catalog is null");
}
