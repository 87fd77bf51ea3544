using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Metadata;

/// <summary>
/// The cluster at one moment, immutable. A change makes a new image that shares all but the path to the topic it touches, so
/// that the ten-thousandth topic costs about what the first did.
/// </summary>
public sealed record MetadataImage(string ClusterId, BrokerId ControllerId, ImmutableArray<BrokerImage> Brokers)
{
    private readonly ImmutableSortedDictionary<string, TopicImage> _byName = ImmutableSortedDictionary.Create<string, TopicImage>(StringComparer.Ordinal);
    private readonly ImmutableDictionary<Guid, TopicImage> _byId = ImmutableDictionary<Guid, TopicImage>.Empty;

    private MetadataImage(MetadataImage original, ImmutableSortedDictionary<string, TopicImage> byName, ImmutableDictionary<Guid, TopicImage> byId)
        : this(original)
    {
        _byName = byName;
        _byId = byId;
    }

    /// <summary>The brokers that are to leave the cluster for good, whether or not they live.</summary>
    public ImmutableHashSet<BrokerId> Decommissioned { get; init; } = [];

    public int TopicCount => _byName.Count;

    /// <summary>All topics, in the order of their names.</summary>
    public IEnumerable<TopicImage> Topics => _byName.Values;

    /// <summary>The names of all topics, in order.</summary>
    public IEnumerable<string> TopicNames => _byName.Keys;

    public TopicImage? Find(string name) => _byName.GetValueOrDefault(name);

    public TopicImage? Find(Guid id) => _byId.GetValueOrDefault(id);

    public bool TryFind(string name, [NotNullWhen(true)] out TopicImage? topic) => _byName.TryGetValue(name, out topic);

    /// <summary>The broker, if it lives. Metadata asks for every replica of every partition: no closures here.</summary>
    public BrokerImage? FindBroker(BrokerId id)
    {
        foreach (var broker in Brokers)
        {
            if (broker.Id == id)
            {
                return broker;
            }
        }

        return null;
    }

    public bool IsAlive(BrokerId id) => FindBroker(id) is not null;

    /// <summary>Adds topics, each in place of the one that had its name. What is known of a partition never gives way to something older.</summary>
    public MetadataImage With(IEnumerable<TopicImage> topics)
    {
        var byName = _byName.ToBuilder();
        var byId = _byId.ToBuilder();
        foreach (var topic in topics)
        {
            if (byName.TryGetValue(topic.Name, out var replaced) && replaced.Id != topic.Id)
            {
                byId.Remove(replaced.Id);
            }

            var merged = byId.TryGetValue(topic.Id, out var known) ? topic.MergedWith(known) : topic;
            byName[topic.Name] = merged;
            byId[topic.Id] = merged;
        }

        return new MetadataImage(this, byName.ToImmutable(), byId.ToImmutable());
    }

    public MetadataImage Without(IEnumerable<TopicImage> topics)
    {
        var byName = _byName.ToBuilder();
        var byId = _byId.ToBuilder();
        foreach (var topic in topics)
        {
            byName.Remove(topic.Name);
            byId.Remove(topic.Id);
        }

        return new MetadataImage(this, byName.ToImmutable(), byId.ToImmutable());
    }

    /// <summary>Partitions have another leader, epoch or ISR. What is older than the image, or of no topic in it, changes nothing.</summary>
    public MetadataImage Merge(IEnumerable<PartitionState> states)
    {
        var topics = new List<TopicImage>();
        foreach (var changes in states.GroupBy(state => state.TopicId))
        {
            if (Find(changes.Key) is not { } topic)
            {
                continue;
            }

            var partitions = topic.Partitions.AsSpan().ToArray();
            foreach (var state in changes)
            {
                if (state.Partition < partitions.Length && state.IsNewerThan(partitions[state.Partition].LeaderEpoch, partitions[state.Partition].PartitionEpoch))
                {
                    partitions[state.Partition] = state.ToImage();
                }
            }

            topics.Add(topic with { Partitions = partitions });
        }

        return topics.Count == 0 ? this : With(topics);
    }
}
