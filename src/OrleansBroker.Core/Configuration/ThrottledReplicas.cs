using System.Globalization;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Configuration;

/// <summary>
/// The replicas that a topic's <c>leader.replication.throttled.replicas</c> or <c>follower.replication.throttled.replicas</c> names:
/// <c>partition:broker</c> pairs, or <c>*</c> for all.
/// </summary>
public static class ThrottledReplicas
{
    public const string OfLeaders = "leader.replication.throttled.replicas";

    public const string OfFollowers = "follower.replication.throttled.replicas";

    /// <param name="configs">Of the topic.</param>
    /// <param name="name">One of the two.</param>
    public static bool Has(IReadOnlyDictionary<string, string> configs, string name, int partition, BrokerId broker)
    {
        if (!configs.TryGetValue(name, out var text))
        {
            return false;
        }

        var pair = string.Create(CultureInfo.InvariantCulture, $"{partition}:{broker.Value}");
        foreach (var range in text.AsSpan().Split(','))
        {
            var element = text.AsSpan()[range].Trim();
            if (element is "*" || element.SequenceEqual(pair))
            {
                return true;
            }
        }

        return false;
    }
}
