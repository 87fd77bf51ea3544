using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Metadata;

/// <summary>A live broker and where clients reach it.</summary>
public sealed record BrokerImage(BrokerId Id, string Host, int Port, string? Rack = null);
