using OrleansBroker.Core;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;

namespace OrleansBroker.Server.Handlers;

/// <summary>Finds partitions for clients: one that another broker holds is not unknown, only not led here.</summary>
internal static class PartitionLookup
{
    /// <returns>
    /// UNKNOWN_TOPIC_OR_PARTITION where the cluster has no such partition, NOT_LEADER_OR_FOLLOWER where this broker does not hold
    /// it, KAFKA_STORAGE_ERROR where it is offline.
    /// </returns>
    public static ErrorCode Lookup(this BrokerServices broker, string topic, int index, out Partition? partition)
    {
        var error = broker.Partitions.Lookup(topic, index, out partition);
        return error == ErrorCode.None ? error : Explain(broker, broker.Metadata.Current.Find(topic), index, error);
    }

    /// <returns>As <see cref="Lookup(BrokerServices, string, int, out Partition?)"/>, or UNKNOWN_TOPIC_ID.</returns>
    public static ErrorCode Lookup(this BrokerServices broker, Guid topicId, int index, out Partition? partition)
    {
        var error = broker.Partitions.Lookup(topicId, index, out partition);
        return error == ErrorCode.None ? error : Explain(broker, broker.Metadata.Current.Find(topicId), index, error);
    }

    private static ErrorCode Explain(BrokerServices broker, TopicImage? topic, int index, ErrorCode error)
    {
        if (topic is null || index < 0 || index >= topic.Partitions.Length)
        {
            return topic is not null && error == ErrorCode.UnknownTopicId ? ErrorCode.UnknownTopicOrPartition : error;
        }

        return error == ErrorCode.KafkaStorageError && topic.Partitions[index].Replicas.Contains(broker.Id) ? error : ErrorCode.NotLeaderOrFollower;
    }
}
