using System.Diagnostics.CodeAnalysis;

namespace OrleansBroker.Core.Groups;

/// <summary>The committed offsets of a shard, by group, topic and partition. Changed by replay alone.</summary>
internal sealed class OffsetTable
{
    private readonly Dictionary<string, Dictionary<string, Dictionary<int, CommittedOffset>>> _groups = [];

    public IEnumerable<string> GroupIds => _groups.Keys;

    public void Set(string groupId, string topic, int partition, in CommittedOffset offset)
    {
        if (!_groups.TryGetValue(groupId, out var topics))
        {
            _groups.Add(groupId, topics = []);
        }

        if (!topics.TryGetValue(topic, out var partitions))
        {
            topics.Add(topic, partitions = []);
        }

        partitions[partition] = offset;
    }

    public void Remove(string groupId, string topic, int partition)
    {
        if (!_groups.TryGetValue(groupId, out var topics) || !topics.TryGetValue(topic, out var partitions) || !partitions.Remove(partition))
        {
            return;
        }

        if (partitions.Count == 0)
        {
            topics.Remove(topic);
        }

        if (topics.Count == 0)
        {
            _groups.Remove(groupId);
        }
    }

    public bool TryFind(string groupId, string topic, int partition, out CommittedOffset offset)
    {
        offset = default;
        return _groups.TryGetValue(groupId, out var topics)
            && topics.TryGetValue(topic, out var partitions)
            && partitions.TryGetValue(partition, out offset);
    }

    /// <summary>All offsets of a group, by topic and partition.</summary>
    public bool TryFind(string groupId, [NotNullWhen(true)] out IReadOnlyDictionary<string, Dictionary<int, CommittedOffset>>? topics)
    {
        topics = _groups.GetValueOrDefault(groupId);
        return topics is not null;
    }
}
