using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Groups.Hosting;

internal static partial class GroupLogMessages
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Loaded the groups of {Partition} in {ElapsedMs} ms")]
    public static partial void Loaded(ILogger logger, TopicPartition partition, long elapsedMs);

    [LoggerMessage(Level = LogLevel.Error, Message = "The groups of {Partition} cannot be loaded")]
    public static partial void LoadFailed(ILogger logger, Exception exception, TopicPartition partition);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The group coordinator cannot append to {Partition}: {Error}")]
    public static partial void AppendFailed(ILogger logger, TopicPartition partition, ErrorCode error);

    [LoggerMessage(Level = LogLevel.Error, Message = "The groups of {Partition} are loaded anew")]
    public static partial void MachineFailed(ILogger logger, Exception exception, TopicPartition partition);

    [LoggerMessage(Level = LogLevel.Warning, Message = "__consumer_offsets cannot be created: {Error}")]
    public static partial void TopicNotCreated(ILogger logger, ErrorCode error);
}
