using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Rebalancing;

/// <summary>What rebalancing logs. Event ids 3300 to 3319.</summary>
internal static partial class RebalanceLog
{
    [LoggerMessage(3300, LogLevel.Information, "{UnderWay} partitions move, some {Lacking} replicas are still to come to brokers {Receiving}, {Leaving} partitions are still to leave brokers {Decommissioned}")]
    public static partial void Progress(ILogger logger, int underWay, int lacking, string receiving, int leaving, string decommissioned);

    [LoggerMessage(3301, LogLevel.Information, "brokers {Brokers} have their share of replicas and leaders")]
    public static partial void Balanced(ILogger logger, string brokers);

    [LoggerMessage(3302, LogLevel.Information, "broker {Broker} is to leave and holds nothing any more: it can be stopped")]
    public static partial void Empty(ILogger logger, BrokerId broker);

    [LoggerMessage(3303, LogLevel.Warning, "{Partitions} partitions cannot leave brokers {Decommissioned}, as they have more replicas than brokers would be left: of topics {Topics}")]
    public static partial void Homeless(ILogger logger, int partitions, string decommissioned, string topics);

    [LoggerMessage(3304, LogLevel.Information, "broker {Broker} has left the cluster for good")]
    public static partial void Left(ILogger logger, BrokerId broker);

    [LoggerMessage(3305, LogLevel.Debug, "a move of partition {Partition} of topic {Topic} was refused: {Error}, {Reason}")]
    public static partial void Refused(ILogger logger, int partition, Guid topic, ErrorCode error, string? reason);

    [LoggerMessage(3306, LogLevel.Warning, "rebalancing failed and will be tried again: {Reason}")]
    public static partial void Failed(ILogger logger, string reason);

    [LoggerMessage(3307, LogLevel.Error, "rebalancing failed and will be tried again")]
    public static partial void Broke(ILogger logger, Exception exception);
}
