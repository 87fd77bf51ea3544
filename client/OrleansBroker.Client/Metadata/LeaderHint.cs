using OrleansBroker.Protocol;

namespace OrleansBroker.Client.Metadata;

/// <summary>What a broker says about who leads a partition in its place (KIP-951).</summary>
/// <param name="Broker">Where the leader listens, if that was said.</param>
internal readonly record struct LeaderHint(TopicPartition Partition, int LeaderId, int LeaderEpoch, BrokerView? Broker);
