using Microsoft.Extensions.Logging;

namespace OrleansBroker.Embedded;

/// <summary>What the embedded broker logs. Event ids 4000 to 4099.</summary>
internal static partial class EmbeddedLog
{
    [LoggerMessage(4000, LogLevel.Error, "{Job} failed and will be tried again")]
    public static partial void JobFailed(ILogger logger, string job, Exception exception);

    [LoggerMessage(4001, LogLevel.Warning, "{Name} is not a configuration of this broker and has no effect")]
    public static partial void UnknownConfiguration(ILogger logger, string name);

    [LoggerMessage(4002, LogLevel.Information, "broker {Broker} is ready on {Endpoint} after {Milliseconds} ms: {Topics} topics, {Partitions} partitions")]
    public static partial void Ready(ILogger logger, int broker, string endpoint, long milliseconds, int topics, int partitions);

    [LoggerMessage(4003, LogLevel.Information, "broker {Broker} has stopped")]
    public static partial void Stopped(ILogger logger, int broker);

    [LoggerMessage(4004, LogLevel.Warning, "broker {Broker} stops without having handed over all that it leads: there is no more time")]
    public static partial void NotDrained(ILogger logger, int broker);
}
