using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>What replication logs. Event ids 3200 to 3299.</summary>
internal static partial class ReplicationLog
{
    [LoggerMessage(3200, LogLevel.Warning, "the outcome of a write of the document of {Partition} is not known: {Reason}")]
    public static partial void WriteUncertain(ILogger logger, TopicPartition partition, string reason);

    [LoggerMessage(3201, LogLevel.Information, "the in-sync replicas of {Partition} were {Before} and are {After}")]
    public static partial void IsrChanged(ILogger logger, TopicPartition partition, string before, string after);

    [LoggerMessage(3202, LogLevel.Information, "broker {Broker} leads {Partition} under epoch {Epoch}, in-sync replicas {Isr}")]
    public static partial void Elected(ILogger logger, BrokerId broker, TopicPartition partition, int epoch, string isr);

    [LoggerMessage(3203, LogLevel.Warning, "{Partition} has no leader: none of its in-sync replicas {Isr} and eligible replicas {Eligible} can be elected without loss")]
    public static partial void Leaderless(ILogger logger, TopicPartition partition, string isr, string eligible);

    [LoggerMessage(3204, LogLevel.Warning, "{Partition} is led by broker {Broker} in spite of a possible loss: {Reason}")]
    public static partial void UncleanElection(ILogger logger, TopicPartition partition, BrokerId broker, string reason);

    [LoggerMessage(3205, LogLevel.Error, "{Partition} is offline: {Reason}")]
    public static partial void Offline(ILogger logger, TopicPartition partition, string reason);

    [LoggerMessage(3206, LogLevel.Error, "{Job} failed and will be tried again")]
    public static partial void JobFailed(ILogger logger, string job, Exception exception);

    [LoggerMessage(3207, LogLevel.Warning, "{Directory} holds a log of a partition that the catalog does not know; it is left as it is")]
    public static partial void StrayLog(ILogger logger, string directory);

    [LoggerMessage(3208, LogLevel.Warning, "the document of {Partition} is older than what broker {Broker} knows: the document store has gone back")]
    public static partial void DocumentWentBack(ILogger logger, TopicPartition partition, BrokerId broker);

    [LoggerMessage(3220, LogLevel.Information, "{Partition} moves from replicas {Before} to {Target}")]
    public static partial void Reassigned(ILogger logger, TopicPartition partition, string before, string target);

    [LoggerMessage(3221, LogLevel.Information, "{Partition} has moved: its replicas are {Replicas}")]
    public static partial void ReassignmentCompleted(ILogger logger, TopicPartition partition, string replicas);

    [LoggerMessage(3222, LogLevel.Information, "the log of {Partition} is deleted: the partition was moved to replicas {Replicas} while this broker was down")]
    public static partial void MovedAway(ILogger logger, TopicPartition partition, string replicas);

    [LoggerMessage(3230, LogLevel.Information, "{Partition} is cut from {Before} to {After}, where it parts from the leader's log under epoch {Epoch}")]
    public static partial void Truncated(ILogger logger, TopicPartition partition, long before, long after, int epoch);

    [LoggerMessage(3231, LogLevel.Warning, "{Partition} held offsets {Start} to {End} and starts anew: its leader holds {LeaderStart} to {LeaderEnd}")]
    public static partial void StartedAnew(ILogger logger, TopicPartition partition, long start, long end, long leaderStart, long leaderEnd);

    [LoggerMessage(3232, LogLevel.Debug, "{Partition} is not fetched from broker {Leader} for a while: {Error}")]
    public static partial void FetchRefused(ILogger logger, TopicPartition partition, BrokerId leader, ErrorCode error);

    [LoggerMessage(3233, LogLevel.Warning, "what broker {Leader} sent for {Partition} was not appended: {Reason}")]
    public static partial void NotAppended(ILogger logger, TopicPartition partition, BrokerId leader, string reason);

    [LoggerMessage(3234, LogLevel.Debug, "no fetches from broker {Leader}: {Reason}")]
    public static partial void LeaderUnreachable(ILogger logger, BrokerId leader, string reason);

    [LoggerMessage(3235, LogLevel.Error, "fetching from broker {Leader} failed and goes on")]
    public static partial void FetcherFailed(ILogger logger, BrokerId leader, Exception exception);
}
