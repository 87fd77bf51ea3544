using System.Collections.Frozen;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Topics;

/// <summary>A topic as the catalog keeps it: who holds its partitions is decided here, who leads them is not.</summary>
/// <param name="Replicas">Of each partition, the preferred leader first.</param>
public sealed record CatalogTopic(string Name, Guid Id, BrokerId[][] Replicas)
{
    /// <summary>Only what the topic overrides.</summary>
    public IReadOnlyDictionary<string, string> Configs { get; init; } = FrozenDictionary<string, string>.Empty;

    public bool IsInternal => InternalTopics.IsInternal(Name);
}
