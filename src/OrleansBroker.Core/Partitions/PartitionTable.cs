using System.Collections.Concurrent;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Partitions;

/// <summary>The partitions that this broker holds, found by topic name or topic id. Lookups take no lock and allocate nothing.</summary>
public sealed class PartitionTable
{
    private readonly ConcurrentDictionary<string, HostedTopic> _byName = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, HostedTopic> _byId = new();

    /// <summary>All partitions by topic name and index, as they are while this is enumerated.</summary>
    public IEnumerable<Partition> All
    {
        get
        {
            foreach (var topic in _byName.Values.OrderBy(topic => topic.Name, StringComparer.Ordinal))
            {
                foreach (var partition in topic.Partitions)
                {
                    if (partition is not null)
                    {
                        yield return partition;
                    }
                }
            }
        }
    }

    public Partition? Find(string topic, int partition) =>
        _byName.TryGetValue(topic, out var hosted) ? hosted.Find(partition) : null;

    public Partition? Find(Guid topicId, int partition) =>
        _byId.TryGetValue(topicId, out var hosted) ? hosted.Find(partition) : null;

    /// <summary>The topic's name, or null where this broker knows no such topic.</summary>
    public string? NameOf(Guid topicId) => _byId.TryGetValue(topicId, out var hosted) ? hosted.Name : null;

    /// <returns>
    /// <see cref="ErrorCode.UnknownTopicOrPartition"/> where there is no such topic or partition,
    /// <see cref="ErrorCode.KafkaStorageError"/> where it is offline.
    /// </returns>
    public ErrorCode Lookup(string topic, int partition, out Partition? found)
    {
        found = null;
        return _byName.TryGetValue(topic, out var hosted) ? hosted.Lookup(partition, out found) : ErrorCode.UnknownTopicOrPartition;
    }

    /// <returns>
    /// <see cref="ErrorCode.UnknownTopicId"/> where there is no such topic, <see cref="ErrorCode.UnknownTopicOrPartition"/>
    /// where it has no such partition, <see cref="ErrorCode.KafkaStorageError"/> where that is offline.
    /// </returns>
    public ErrorCode Lookup(Guid topicId, int partition, out Partition? found)
    {
        found = null;
        return _byId.TryGetValue(topicId, out var hosted) ? hosted.Lookup(partition, out found) : ErrorCode.UnknownTopicId;
    }

    /// <summary>
    /// Adds a topic's partitions, or replaces them by more of them: <paramref name="partitions"/> holds all, by index, and null
    /// for one that is offline since its log cannot be used.
    /// </summary>
    public void Set(string topic, Guid topicId, Partition?[] partitions)
    {
        var hosted = new HostedTopic(topic, partitions);
        _byId[topicId] = hosted;
        _byName[topic] = hosted;
    }

    /// <summary>Removes a topic and returns its partitions but those that are offline; none where there is no such topic.</summary>
    public IReadOnlyList<Partition> Remove(string topic, Guid topicId)
    {
        _byId.TryRemove(topicId, out _);
        return _byName.TryRemove(topic, out var hosted) ? [.. hosted.Partitions.OfType<Partition>()] : [];
    }

    private sealed record HostedTopic(string Name, Partition?[] Partitions)
    {
        public ErrorCode Lookup(int partition, out Partition? found)
        {
            found = Find(partition);
            return found is not null ? ErrorCode.None
                : partition >= 0 && partition < Partitions.Length ? ErrorCode.KafkaStorageError
                : ErrorCode.UnknownTopicOrPartition;
        }

        public Partition? Find(int partition) => partition >= 0 && partition < Partitions.Length ? Partitions[partition] : null;
    }
}
