using System.Collections.Frozen;

namespace OrleansBroker.Core.Metadata;

/// <summary>One topic: what it is, where its partitions are, and the configurations that it sets for itself.</summary>
public sealed record TopicImage(string Name, Guid Id, PartitionImage[] Partitions)
{
    public bool IsInternal { get; init; }

    /// <summary>Only what the topic overrides; <see cref="Configuration.TopicConfigs"/> lays it over the broker's defaults.</summary>
    public IReadOnlyDictionary<string, string> Configs { get; init; } = FrozenDictionary<string, string>.Empty;
}
