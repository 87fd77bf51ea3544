using Microsoft.Extensions.Logging;

namespace OrleansBroker.Grains;

/// <summary>What a broker that is a silo logs. Event ids 5000 to 5099.</summary>
internal static partial class GrainsLog
{
    [LoggerMessage(5000, LogLevel.Debug, "the silo {Silo} has not said yet which broker it is: {Reason}")]
    public static partial void NoIntroduction(ILogger logger, SiloAddress silo, string reason);

    [LoggerMessage(5001, LogLevel.Critical, "the silo ends: {Reason}")]
    public static partial void Ends(ILogger logger, string reason, Exception? exception);

    [LoggerMessage(5003, LogLevel.Warning, "the membership table cannot be read: {Reason}")]
    public static partial void TableNotRead(ILogger logger, string reason);

    [LoggerMessage(5004, LogLevel.Warning, "the process stood still for {PausedMs} ms: nothing is answered until the membership table has been read")]
    public static partial void Paused(ILogger logger, long pausedMs);

    [LoggerMessage(5005, LogLevel.Warning, "the silo {Silo} refuses connections, as {Seeing} of {Alive} brokers see: {Consequence}")]
    public static partial void Refused(ILogger logger, SiloAddress silo, int seeing, int alive, string consequence);

    [LoggerMessage(5006, LogLevel.Warning, "no vote against the silo {Silo}, which the membership table would hear of late: it answers")]
    public static partial void VoteDropped(ILogger logger, SiloAddress silo);

    [LoggerMessage(5020, LogLevel.Warning, "{Store} is away: brokers serve what needs no change of leaders, in-sync replicas or topics")]
    public static partial void StoreAway(ILogger logger, string store);

    [LoggerMessage(5021, LogLevel.Warning, "{Store} is back")]
    public static partial void StoreBack(ILogger logger, string store);

    [LoggerMessage(5002, LogLevel.Error, "the broker did not start: {Reason}")]
    public static partial void NotStarted(ILogger logger, string reason);

    [LoggerMessage(5010, LogLevel.Debug, "{Grain} moves to broker {Broker}")]
    public static partial void Moves(ILogger logger, GrainId grain, OrleansBroker.Protocol.BrokerId broker);
}
