namespace OrleansBroker.Core.Groups;

/// <summary>Who asks.</summary>
/// <param name="ClientId">As in the request's header; empty where there is none.</param>
/// <param name="ClientHost">The address as Kafka shows it, with a leading slash: <c>/127.0.0.1</c>.</param>
/// <param name="ApiVersion">The version of the request.</param>
public readonly record struct GroupCaller(string ClientId, string ClientHost, short ApiVersion);
