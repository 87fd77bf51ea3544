using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
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

    /// <summary>Adds topics, each in place of the one that had its name.</summary>
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

            byName[topic.Name] = topic;
            byId[topic.Id] = topic;
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

    /// <summary>One partition has another leader, epoch or ISR; unchanged where the topic is gone.</summary>
    public MetadataImage With(Guid topicId, int partition, PartitionImage changed)
    {
        if (Find(topicId) is not { } topic || partition >= topic.Partitions.Length)
        {
            return this;
        }

        var partitions = topic.Partitions.AsSpan().ToArray();
        partitions[partition] = changed;
        return With([topic with { Partitions = partitions }]);
    }
}
