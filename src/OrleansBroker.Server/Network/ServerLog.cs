using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;

namespace OrleansBroker.Server.Network;

/// <summary>What the network says in the log: event ids 3000 to 3099.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(3000, LogLevel.Information, "listening on {Endpoint}")]
    public static partial void Listening(this ILogger log, string endpoint);

    [LoggerMessage(3001, LogLevel.Warning, "{Peer}: malformed request closes the connection (last API {Api} version {Version}): {Problem}")]
    public static partial void Malformed(this ILogger log, string peer, ApiKey api, short version, string problem);

    [LoggerMessage(3002, LogLevel.Debug, "{Peer}: disconnected: {Reason}")]
    public static partial void Disconnected(this ILogger log, string peer, string reason);

    [LoggerMessage(3003, LogLevel.Error, "{Peer}: {Api} version {Version}, correlation id {CorrelationId}, client {ClientId} failed and closes the connection: {Request}")]
    public static partial void HandlerFailed(this ILogger log, Exception exception, string peer, ApiKey api, short version, int correlationId, string clientId, string request);

    [LoggerMessage(3004, LogLevel.Warning, "{Peer}: connection closed, {IdleMs} ms without a byte in the middle of a request")]
    public static partial void Stalled(this ILogger log, string peer, long idleMs);

    [LoggerMessage(3005, LogLevel.Debug, "{Peer}: connection closed after {IdleMs} ms without a request")]
    public static partial void Idle(this ILogger log, string peer, long idleMs);

    [LoggerMessage(3006, LogLevel.Warning, "{Peer}: connection closed, the client has taken nothing of its response for {IdleMs} ms")]
    public static partial void NotReading(this ILogger log, string peer, long idleMs);

    [LoggerMessage(3007, LogLevel.Warning, "{Peer}: connection closed by the client in the middle of a request")]
    public static partial void Truncated(this ILogger log, string peer);

    [LoggerMessage(3008, LogLevel.Warning, "{Peer}: {Api} version {Version} of client {ClientId} closes the connection: {Reason}")]
    public static partial void Refused(this ILogger log, string peer, ApiKey api, short version, string clientId, string reason);

    [LoggerMessage(3009, LogLevel.Warning, "{Address}: connection refused, it has {Count} already")]
    public static partial void TooManyFromAddress(this ILogger log, string address, int count);

    [LoggerMessage(3010, LogLevel.Error, "cannot accept a connection: {Problem}")]
    public static partial void AcceptFailed(this ILogger log, string problem);
}
