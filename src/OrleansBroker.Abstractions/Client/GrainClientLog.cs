using Microsoft.Extensions.Logging;

namespace OrleansBroker.Abstractions.Client;

/// <summary>What a client of the brokers' grains logs. Event ids 5100 to 5199.</summary>
internal static partial class GrainClientLog
{
    [LoggerMessage(5100, LogLevel.Information, "connected to the brokers' cluster {Cluster}")]
    public static partial void Connected(ILogger logger, string cluster);

    [LoggerMessage(5101, LogLevel.Warning, "the brokers' cluster {Cluster} cannot be reached yet: {Reason}")]
    public static partial void NotConnected(ILogger logger, string cluster, string reason);

    [LoggerMessage(5102, LogLevel.Warning, "the application starts without the brokers' cluster {Cluster}, which could not be reached within {Seconds} s")]
    public static partial void StartsWithout(ILogger logger, string cluster, double seconds);

    [LoggerMessage(5103, LogLevel.Error, "the client of the brokers' cluster {Cluster} has failed")]
    public static partial void Failed(ILogger logger, string cluster, Exception exception);
}
