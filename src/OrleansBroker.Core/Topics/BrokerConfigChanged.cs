using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Topics;

/// <param name="Broker">Null: all brokers that do not say otherwise.</param>
/// <param name="Configs">All that is altered now, not only what changed.</param>
public sealed record BrokerConfigChanged(BrokerId? Broker, IReadOnlyDictionary<string, string> Configs) : CatalogRecord;
