using System.Text.Json.Serialization;

namespace OrleansBroker.Core.Topics;

/// <param name="Versions">Of the topics, by id; a topic that is not among them has not changed since there are versions.</param>
/// <param name="Configs">Of the documents with altered configurations, by their names.</param>
internal sealed record TopicIndexDocument(
    Guid Write, Dictionary<string, Guid> Topics, long Version = 0, Dictionary<Guid, long>? Versions = null, Dictionary<string, long>? Configs = null);

internal sealed record TopicDocument(Guid Write, string Name, Guid Id, int[][] Replicas, Dictionary<string, string> Configs, long Version = 0);

internal sealed record ConfigDocument(Guid Write, Dictionary<string, string> Configs, long Version = 0);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TopicIndexDocument))]
[JsonSerializable(typeof(TopicDocument))]
[JsonSerializable(typeof(ConfigDocument))]
internal sealed partial class CatalogJson : JsonSerializerContext;
