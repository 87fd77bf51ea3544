using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>What the group coordinator logs. Event ids 3100 to 3199.</summary>
internal static partial class GroupLogMessages
{
    [LoggerMessage(3100, LogLevel.Debug, "loaded the groups of {Partition} in {ElapsedMs} ms")]
    public static partial void GroupsLoaded(ILogger logger, TopicPartition partition, long elapsedMs);

    [LoggerMessage(3101, LogLevel.Error, "the groups of {Partition} cannot be loaded")]
    public static partial void GroupsNotLoaded(ILogger logger, Exception exception, TopicPartition partition);

    [LoggerMessage(3102, LogLevel.Warning, "the group coordinator cannot append to {Partition}: {Error}")]
    public static partial void GroupAppendFailed(ILogger logger, TopicPartition partition, ErrorCode error);

    [LoggerMessage(3103, LogLevel.Error, "the groups of {Partition} are loaded anew")]
    public static partial void GroupsLoadedAnew(ILogger logger, Exception exception, TopicPartition partition);

    [LoggerMessage(3104, LogLevel.Warning, "__consumer_offsets cannot be created: {Error}")]
    public static partial void OffsetsTopicNotCreated(ILogger logger, ErrorCode error);
}
