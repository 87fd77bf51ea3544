using System.Collections.Frozen;
using OrleansBroker.Client.Connections;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Client.Metadata;

/// <summary>
/// What the client knows of the cluster at one moment: brokers, and the topics that it was asked about. It does not change;
/// each response and each hint makes a new one. The leader of a partition never goes back to an older leader epoch, whichever
/// broker says so, unless the topic was created anew.
/// </summary>
internal sealed class ClusterView
{
    public static readonly ClusterView Empty = new();

    private ClusterView()
    {
    }

    public string? ClusterId { get; private init; }

    /// <summary>-1 where it is not known.</summary>
    public int ControllerId { get; private init; } = -1;

    public FrozenDictionary<int, BrokerView> Brokers { get; private init; } = FrozenDictionary<int, BrokerView>.Empty;

    public FrozenDictionary<string, TopicView> Topics { get; private init; } = FrozenDictionary<string, TopicView>.Empty;

    public PartitionView? Find(string topic, int partition) =>
        Topics.TryGetValue(topic, out var view) ? view.Find(partition) : null;

    /// <summary>The view after a response, which describes all brokers and some topics.</summary>
    /// <param name="askedMs">When it was asked for.</param>
    public ClusterView With(MetadataResponse response, long askedMs)
    {
        var topics = new Dictionary<string, TopicView>(Topics);
        foreach (var topic in response.Topics)
        {
            if (topic.Name is { } name)
            {
                topics[name] = Newer(topics.GetValueOrDefault(name), Read(topic, askedMs));
            }
        }

        return new ClusterView
        {
            ClusterId = response.ClusterId,
            ControllerId = response.ControllerId,
            Brokers = response.Brokers.ToFrozenDictionary(
                broker => broker.NodeId, broker => new BrokerView(broker.NodeId, new BrokerEndpoint(broker.Host, broker.Port), broker.Rack)),
            Topics = topics.ToFrozenDictionary(),
        };
    }

    /// <summary>The view after a broker named a leader; this one where the hint is no news.</summary>
    public ClusterView With(LeaderHint hint)
    {
        var partition = Find(hint.Partition.Topic, hint.Partition.Partition);
        if (partition is null || hint.LeaderId < 0 || hint.LeaderEpoch <= partition.LeaderEpoch)
        {
            return this;
        }

        if (hint.Broker is null && !Brokers.ContainsKey(hint.LeaderId))
        {
            return this;
        }

        var topic = Topics[hint.Partition.Topic];
        var partitions = topic.Partitions.ToArray();
        partitions[partition.Index] = partition with { LeaderId = hint.LeaderId, LeaderEpoch = hint.LeaderEpoch, Error = ErrorCode.None };
        return new ClusterView
        {
            ClusterId = ClusterId,
            ControllerId = ControllerId,
            Brokers = hint.Broker is null || Brokers.GetValueOrDefault(hint.LeaderId) == hint.Broker
                ? Brokers
                : new Dictionary<int, BrokerView>(Brokers) { [hint.LeaderId] = hint.Broker }.ToFrozenDictionary(),
            Topics = new Dictionary<string, TopicView>(Topics) { [topic.Name] = topic with { Partitions = partitions } }.ToFrozenDictionary(),
        };
    }

    /// <summary>The view that knows nothing of a topic.</summary>
    public ClusterView Without(string topic) => new()
    {
        ClusterId = ClusterId,
        ControllerId = ControllerId,
        Brokers = Brokers,
        Topics = Topics.Where(known => known.Key != topic).ToFrozenDictionary(),
    };

    private static TopicView Read(MetadataResponse.MetadataResponseTopic topic, long askedMs)
    {
        var partitions = topic.Partitions
            .Select(partition => new PartitionView(
                partition.PartitionIndex, partition.LeaderId, partition.LeaderEpoch, partition.ReplicaNodes, partition.IsrNodes, partition.ErrorCode))
            .OrderBy(partition => partition.Index)
            .ToArray();

        // One without all its partitions is one that is just being created.
        var isWhole = partitions.Index().All(each => each.Index == each.Item.Index);
        return isWhole
            ? new TopicView(topic.Name!, topic.TopicId, topic.IsInternal, topic.ErrorCode, partitions, askedMs)
            : new TopicView(topic.Name!, topic.TopicId, topic.IsInternal, ErrorCode.LeaderNotAvailable, [], askedMs);
    }

    private static TopicView Newer(TopicView? known, TopicView answered)
    {
        // Epochs count from the start in a topic that was deleted and created again.
        if (known is null || known.Id != answered.Id || answered.Partitions.Length < known.Partitions.Length)
        {
            return answered;
        }

        var partitions = answered.Partitions;
        foreach (var old in known.Partitions)
        {
            if (old.LeaderEpoch > partitions[old.Index].LeaderEpoch && partitions[old.Index].LeaderEpoch >= 0)
            {
                partitions[old.Index] = old;
            }
        }

        return answered;
    }
}
