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

    public ValueTask TopicCreatedAsync(TopicImage topic)
    {
        Topics.Add(topic.Id, topic);
        return ValueTask.CompletedTask;
    }

    public ValueTask TopicDeletedAsync(TopicImage topic)
    {
        Assert.True(Topics.Remove(topic.Id));
        return ValueTask.CompletedTask;
    }

    public ValueTask PartitionsAddedAsync(TopicImage topic, int firstPartition)
    {
        Assert.Equal(Topics[topic.Id].Partitions.Length, firstPartition);
        Topics[topic.Id] = topic;
        return ValueTask.CompletedTask;
    }

    public ValueTask TopicConfigChangedAsync(TopicImage topic)
    {
        Assert.True(Topics.ContainsKey(topic.Id));
        Topics[topic.Id] = topic;
        return ValueTask.CompletedTask;
    }

    public ValueTask BrokerConfigChangedAsync(BrokerConfig config)
    {
        Config = config;
        return ValueTask.CompletedTask;
    }
}
