namespace OrleansBroker.Server.Dispatch;

/// <summary>What a client gets for a request.</summary>
/// <param name="Response">The whole frame, its size included; null where the client expects none.</param>
/// <param name="CloseReason">Why the connection is to be closed in place of a response, or null.</param>
internal readonly record struct SessionAnswer(byte[]? Response, string? CloseReason);
