using OrleansBroker.Client.Connections;

namespace OrleansBroker.Client.Metadata;

/// <summary>A broker as the cluster's metadata name it.</summary>
internal sealed record BrokerView(int Id, BrokerEndpoint Endpoint, string? Rack);
