using System.Collections.Frozen;

namespace OrleansBroker.Core.Metadata;

/// <summary>One topic: what it is, where its partitions are, and the configurations that it sets for itself.</summary>
public sealed record TopicImage(string Name, Guid Id, PartitionImage[] Partitions)
{
    public bool IsInternal { get; init; }

    /// <summary>Only what the topic overrides; <see cref="Configuration.TopicConfigs"/> lays it over the broker's defaults.</summary>
    public IReadOnlyDictionary<string, string> Configs { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>This topic with what another image knows better of its partitions.</summary>
    public TopicImage MergedWith(TopicImage known)
    {
        if (ReferenceEquals(known.Partitions, Partitions) || !IsAnyNewer(known.Partitions))
        {
            return this;
        }

        var partitions = Partitions.AsSpan().ToArray();
        for (var i = 0; i < Math.Min(partitions.Length, known.Partitions.Length); i++)
        {
            partitions[i] = partitions[i].IsOlderThan(known.Partitions[i]) ? known.Partitions[i] : partitions[i];
        }

        return this with { Partitions = partitions };
    }

    private bool IsAnyNewer(PartitionImage[] known)
    {
        for (var i = 0; i < Math.Min(Partitions.Length, known.Length); i++)
        {
            if (Partitions[i].IsOlderThan(known[i]))
            {
                return true;
            }
        }

        return false;
    }
}
