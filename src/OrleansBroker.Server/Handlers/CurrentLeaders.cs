using OrleansBroker.Core;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Protocol;

namespace OrleansBroker.Server.Handlers;

/// <summary>Who leads the partitions that a client asked the wrong broker for, so that it need not ask for metadata first (KIP-951).</summary>
internal sealed class CurrentLeaders(BrokerServices broker)
{
    private readonly MetadataImage _image = broker.Metadata.Current;
    private readonly List<BrokerImage> _endpoints = [];

    /// <summary>The brokers that were named, each once.</summary>
    public IReadOnlyList<BrokerImage> Endpoints => _endpoints;

    /// <summary>Whether an error says that somebody else leads.</summary>
    public static bool Explains(ErrorCode error) => error is ErrorCode.NotLeaderOrFollower or ErrorCode.FencedLeaderEpoch;

    public bool TryFind(string topic, int partition, out BrokerId leader, out LeaderEpoch epoch) => TryFind(_image.Find(topic), partition, out leader, out epoch);

    public bool TryFind(Guid topicId, int partition, out BrokerId leader, out LeaderEpoch epoch) => TryFind(_image.Find(topicId), partition, out leader, out epoch);

    private bool TryFind(TopicImage? topic, int index, out BrokerId leader, out LeaderEpoch epoch)
    {
        leader = BrokerId.None;
        epoch = LeaderEpoch.None;
        if (topic is null || index < 0 || index >= topic.Partitions.Length)
        {
            return false;
        }

        var partition = topic.Partitions[index];
        if (partition.Leader == broker.Id || _image.FindBroker(partition.Leader) is not { } endpoint)
        {
            return false;
        }

        if (!_endpoints.Contains(endpoint))
        {
            _endpoints.Add(endpoint);
        }

        leader = partition.Leader;
        epoch = partition.LeaderEpoch;
        return true;
    }
}
