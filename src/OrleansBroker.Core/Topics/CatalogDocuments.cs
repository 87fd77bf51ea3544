using System.Text.Json;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Topics;

/// <summary>
/// The catalog as documents, in JSON: <c>topics</c>, the index, from name to id; <c>topic/{id}</c> for each; <c>config/broker</c>
/// and <c>config/broker/{id}</c> for what was altered. A topic exists while the index names it: the index is written after
/// the topic's document when it is created, and before when it is deleted. A document is named by id, so that two topics of
/// one name, the second created after the first was deleted, never share one.
/// </summary>
/// <remarks>Each content carries the id of its write: after a lost answer the writer looks for its own.</remarks>
public static class CatalogDocuments
{
    public const string Index = "topics";

    public static string NameOf(Guid topicId) => $"topic/{topicId:N}";

    public static string NameOf(BrokerId? broker) => broker is { } one ? $"config/broker/{one}" : "config/broker";

    public static byte[] WriteIndex(IEnumerable<CatalogTopic> topics, Guid write)
    {
        var ids = new Dictionary<string, Guid>(StringComparer.Ordinal);
        foreach (var topic in topics)
        {
            ids[topic.Name] = topic.Id;
        }

        return JsonSerializer.SerializeToUtf8Bytes(new(write, ids), CatalogJson.Default.TopicIndexDocument);
    }

    public static IReadOnlyDictionary<string, Guid> ReadIndex(ReadOnlySpan<byte> content) =>
        Parsed(JsonSerializer.Deserialize(content, CatalogJson.Default.TopicIndexDocument)).Topics;

    public static byte[] WriteTopic(CatalogTopic topic, Guid write)
    {
        var replicas = Array.ConvertAll(topic.Replicas, ids => Array.ConvertAll(ids, id => id.Value));
        return JsonSerializer.SerializeToUtf8Bytes(new(write, topic.Name, topic.Id, replicas, topic.Configs.ToDictionary(StringComparer.Ordinal)), CatalogJson.Default.TopicDocument);
    }

    public static CatalogTopic ReadTopic(ReadOnlySpan<byte> content)
    {
        var document = Parsed(JsonSerializer.Deserialize(content, CatalogJson.Default.TopicDocument));
        var replicas = Array.ConvertAll(document.Replicas, ids => Array.ConvertAll(ids, id => new BrokerId(id)));
        var topic = new CatalogTopic(document.Name, document.Id, replicas);
        return document.Configs.Count == 0 ? topic : topic with { Configs = document.Configs };
    }

    public static byte[] WriteConfigs(IReadOnlyDictionary<string, string> configs, Guid write) =>
        JsonSerializer.SerializeToUtf8Bytes(new(write, configs.ToDictionary(StringComparer.Ordinal)), CatalogJson.Default.ConfigDocument);

    public static IReadOnlyDictionary<string, string> ReadConfigs(ReadOnlySpan<byte> content) =>
        Parsed(JsonSerializer.Deserialize(content, CatalogJson.Default.ConfigDocument)).Configs;

    private static T Parsed<T>(T? document) => document ?? throw new JsonException("A document of the catalog is null");
}
