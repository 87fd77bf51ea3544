using System.Text;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Simulator.Brokers;
using OrleansBroker.Simulator.Workloads;

namespace OrleansBroker.Simulator.Invariants;

/// <summary>
/// After the faults stop: no partition has more or fewer replicas than it was made with, who was told to leave holds nothing and is
/// forgotten once it is gone, and everybody has its share.
/// </summary>
internal sealed class Shares(SimulatedCluster cluster, Scaling scaling, Ledger ledger)
{
    private const string BalancedBrokers = "rebalance";

    /// <summary>What is not so yet; null when all is.</summary>
    public string? Missing()
    {
        var controller = Array.Find(cluster.Brokers, broker => broker.Host is not null)!.Host!;
        var image = controller.Services.Metadata.Current;
        var leaving = scaling.Leaving(image);
        return Number(image) ?? Leaving(image, leaving) ?? Even(image, leaving);
    }

    private string? Number(MetadataImage image) => ledger.Topics
        .SelectMany(topic => image.Find(topic.Name)?.Partitions.Select((partition, i) => (topic, partition, i)) ?? [])
        .Where(each => each.partition.Replicas.Length != each.topic.ReplicationFactor)
        .Select(each => $"{each.topic.Name}-{each.i} has replicas {string.Join(",", each.partition.Replicas)}, and was made with {each.topic.ReplicationFactor}")
        .FirstOrDefault();

    private string? Leaving(MetadataImage image, IReadOnlySet<int> leaving)
    {
        if (scaling.IsTelling)
        {
            return "the cluster has not been told yet who is to leave";
        }

        foreach (var broker in leaving)
        {
            if (Held(image, broker) > 0)
            {
                return $"broker {broker} is to leave, and still holds {Held(image, broker)} replicas";
            }

            if (cluster.Brokers[broker].Host?.Services.Partitions.All.Any() == true)
            {
                return $"broker {broker} is to leave, and still has replicas open";
            }

            if (cluster.Brokers[broker].IsRetired == image.Decommissioned.Contains(new BrokerId(broker)))
            {
                return $"broker {broker} has {(cluster.Brokers[broker].IsRetired ? "left, and is not forgotten" : "not left, and is forgotten")}";
            }
        }

        return null;
    }

    private string? Even(MetadataImage image, IReadOnlySet<int> leaving)
    {
        var staying = cluster.Brokers.Where(broker => !leaving.Contains(broker.Id)).Select(broker => broker.Id).ToArray();
        if (cluster.Options.RebalanceMode == RebalanceModes.NewBrokers)
        {
            // Who has had its share may have lost it since, as an administrator wanted.
            var noted = string.Concat(cluster.Store.All.Where(document => document.Key == BalancedBrokers).Select(document => Encoding.UTF8.GetString(document.Value.Content.Span)));
            return noted.EndsWith($"[{string.Join(',', staying)}]}}", StringComparison.Ordinal) ? null : $"brokers {string.Join(",", staying)} have not all had their share: {noted}";
        }

        var held = Array.ConvertAll(staying, broker => Held(image, broker));
        return held.Max() - held.Min() <= 1 ? null : $"brokers {string.Join(",", staying)} hold {string.Join(",", held)} replicas";
    }

    private static int Held(MetadataImage image, int broker) =>
        image.Topics.Sum(topic => topic.Partitions.Count(partition => Array.IndexOf(partition.Replicas, new BrokerId(broker)) >= 0));
}
