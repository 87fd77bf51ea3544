using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using OrleansBroker.Protocol;

namespace OrleansBroker.Abstractions.Partitions;

/// <summary>The keys of the grains of a partition. A topic's name has no slash in it.</summary>
public static class PartitionKey
{
    /// <summary>Of an <see cref="IPartitionGrain"/>: <c>topic/partition</c>.</summary>
    public static string Of(string topic, int partition) => string.Create(CultureInfo.InvariantCulture, $"{topic}/{partition}");

    /// <summary>Of an <see cref="IReplicaGrain"/>: <c>topic/partition/broker</c>.</summary>
    public static string Of(string topic, int partition, int broker) => string.Create(CultureInfo.InvariantCulture, $"{topic}/{partition}/{broker}");

    public static bool TryParse(string key, [MaybeNullWhen(false)] out string topic, out int partition)
    {
        (topic, partition) = (null, 0);
        var slash = key.LastIndexOf('/');
        if (slash <= 0 || !int.TryParse(key.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out partition))
        {
            return false;
        }

        topic = key[..slash];
        return true;
    }

    public static bool TryParse(string key, [MaybeNullWhen(false)] out string topic, out int partition, out BrokerId broker)
    {
        (topic, partition, broker) = (null, 0, BrokerId.None);
        if (!TryParse(key, out var replica, out var id) || !TryParse(replica, out topic, out partition))
        {
            return false;
        }

        broker = new BrokerId(id);
        return true;
    }
}
