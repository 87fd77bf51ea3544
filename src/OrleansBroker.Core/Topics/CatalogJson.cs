using System.Text.Json.Serialization;

namespace OrleansBroker.Core.Topics;

internal sealed record TopicIndexDocument(Guid Write, Dictionary<string, Guid> Topics);

internal sealed record TopicDocument(Guid Write, string Name, Guid Id, int[][] Replicas, Dictionary<string, string> Configs);

internal sealed record ConfigDocument(Guid Write, Dictionary<string, string> Configs);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TopicIndexDocument))]
[JsonSerializable(typeof(TopicDocument))]
[JsonSerializable(typeof(ConfigDocument))]
internal sealed partial class CatalogJson : JsonSerializerContext;
