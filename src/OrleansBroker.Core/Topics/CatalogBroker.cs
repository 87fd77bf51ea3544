using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Topics;

/// <summary>A broker that can hold replicas.</summary>
/// <param name="Rack">Where it stands. Brokers that do not say stand in one rack, for all that is known.</param>
public sealed record CatalogBroker(BrokerId Id, string? Rack = null);
