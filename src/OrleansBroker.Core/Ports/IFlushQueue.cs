using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Ports;

/// <summary>Makes appended records survive a power loss, many partitions at a time.</summary>
public interface IFlushQueue
{
    /// <summary>
    /// Completes once the records of <paramref name="partition"/> up to and including <paramref name="lastOffset"/> are on disk,
    /// with <see cref="ErrorCode.KafkaStorageError"/> where that failed.
    /// </summary>
    /// <param name="withinMs">How long the flush may wait for others to share it with, in milliseconds.</param>
    ValueTask<ErrorCode> FlushedAsync(Partition partition, long lastOffset, long withinMs);
}
