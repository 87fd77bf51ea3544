using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Ports;

namespace OrleansBroker.Embedded.Tests.Topics;

/// <summary>Holds what it was told, and fails on what a real one could not do: create what exists, change what does not.</summary>
internal sealed class TestPartitionHost : IPartitionHost
{
    public Dictionary<Guid, TopicImage> Topics { get; } = [];

    public BrokerConfig? Config { get; private set; }

    public void Hold(MetadataImage image)
    {
        foreach (var topic in image.Topics)
        {
            Topics.Add(topic.Id, topic);
        }
    }

    public void TopicCreated(TopicImage topic) => Topics.Add(topic.Id, topic);

    public void TopicDeleted(TopicImage topic) => Assert.True(Topics.Remove(topic.Id));

    public void PartitionsAdded(TopicImage topic, int firstPartition)
    {
        Assert.Equal(Topics[topic.Id].Partitions.Length, firstPartition);
        Topics[topic.Id] = topic;
    }

    public void TopicConfigChanged(TopicImage topic)
    {
        Assert.True(Topics.ContainsKey(topic.Id));
        Topics[topic.Id] = topic;
    }

    public void BrokerConfigChanged(BrokerConfig config) => Config = config;
}
