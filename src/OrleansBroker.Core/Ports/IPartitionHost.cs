using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;

namespace OrleansBroker.Core.Ports;

/// <summary>
/// Keeps this broker's partitions in step with the catalog. Called after a change has been stored, one call at a time;
/// a topic's partitions exist before clients are told of the topic, and go after clients are told that it is gone. An IOException
/// is logged and leaves what it concerns offline; the change itself is in force.
/// </summary>
public interface IPartitionHost
{
    ValueTask TopicCreatedAsync(TopicImage topic);

    ValueTask TopicDeletedAsync(TopicImage topic);

    /// <param name="topic">As it is now, with all its partitions.</param>
    /// <param name="firstPartition">The first of those that were added; the others existed before.</param>
    ValueTask PartitionsAddedAsync(TopicImage topic, int firstPartition);

    ValueTask TopicConfigChangedAsync(TopicImage topic);

    /// <summary>The broker's own configuration was altered: the defaults of every topic may have changed.</summary>
    ValueTask BrokerConfigChangedAsync(BrokerConfig config);
}
