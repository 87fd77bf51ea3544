using OrleansBroker.Core.Configuration;

namespace OrleansBroker.Core.Topics;

/// <summary>Topics that the broker keeps for itself.</summary>
public static class InternalTopics
{
    public const string ConsumerOffsets = "__consumer_offsets";

    public const string TransactionState = "__transaction_state";

    /// <summary>How many replicas the broker's configuration wants of a topic, where there are as many brokers; null for topics of clients.</summary>
    public static int? ReplicationFactorOf(string topic, BrokerConfig config) => topic == ConsumerOffsets ? config.OffsetsTopicReplicationFactor : null;

    public static bool IsInternal(string topic) => topic is ConsumerOffsets or TransactionState;
}
