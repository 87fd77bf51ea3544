using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;

namespace OrleansBroker.Storage;

/// <summary>All that Storage tells the operator.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(1, LogLevel.Error, "{Partition}: log failed and takes no more appends: {Reason}")]
    public static partial void LogFailed(ILogger logger, TopicPartition partition, string reason, Exception exception);

    [LoggerMessage(2, LogLevel.Warning, "{Partition}: {File} is cut at position {Position}, offset {Offset}: {Bytes} bytes behind it are no good batch ({Problem})")]
    public static partial void TailCut(ILogger logger, TopicPartition partition, string file, long position, long offset, long bytes, string problem);

    [LoggerMessage(3, LogLevel.Error, "{Partition}: not served: {Problem}")]
    public static partial void CorruptionFound(ILogger logger, TopicPartition partition, string problem);

    [LoggerMessage(4, LogLevel.Warning, "{Partition}: disk full, appends are refused until there is room: {File}")]
    public static partial void DiskFull(ILogger logger, TopicPartition partition, string file);

    [LoggerMessage(5, LogLevel.Error, "{Partition}: read failed: {Reason}")]
    public static partial void ReadFailed(ILogger logger, TopicPartition partition, string reason, Exception exception);

    [LoggerMessage(6, LogLevel.Warning, "{Partition}: {File} is dropped: it follows a batch that is no good")]
    public static partial void SegmentDropped(ILogger logger, TopicPartition partition, string file);

    [LoggerMessage(7, LogLevel.Warning, "{Partition}: log end offset {LogEndOffset} is before log start offset {LogStartOffset}: starting empty at the latter")]
    public static partial void StartsBeyondEnd(ILogger logger, TopicPartition partition, long logEndOffset, long logStartOffset);

    [LoggerMessage(8, LogLevel.Warning, "{Partition}: producer snapshot {File} is not whole and is dropped")]
    public static partial void SnapshotDropped(ILogger logger, TopicPartition partition, string file);

    [LoggerMessage(9, LogLevel.Error, "{Partition}: log cannot be loaded: {Reason}")]
    public static partial void LoadFailed(ILogger logger, TopicPartition partition, string reason, Exception exception);

    [LoggerMessage(10, LogLevel.Warning, "{Path} belongs to topic id {Found}, not {Expected}: it is deleted as a leftover")]
    public static partial void LeftoverLog(ILogger logger, string path, Guid found, Guid expected);

    [LoggerMessage(11, LogLevel.Warning, "cannot remove {Path}: {Reason}")]
    public static partial void DeletionFailed(ILogger logger, string path, string reason);

    [LoggerMessage(12, LogLevel.Warning, "{Path}: the stop is not clean, the next start recovers: {Reason}")]
    public static partial void StopNotClean(ILogger logger, string path, string reason);

    [LoggerMessage(13, LogLevel.Warning, "{Partition}: the end of {Path} from offset {Offset} on is missing, and what follows it goes with it")]
    public static partial void EndMissing(ILogger logger, TopicPartition partition, string path, long offset);

    [LoggerMessage(14, LogLevel.Error, "{Path}: a log has failed, and that cannot be noted for the next start: {Reason}")]
    public static partial void BootMarkStays(ILogger logger, string path, string reason);

    [LoggerMessage(15, LogLevel.Warning, "{Path}: recovery points cannot be written until the next checkpoint: {Reason}")]
    public static partial void CheckpointsNotWritten(ILogger logger, string path, string reason);
}
