using OrleansBroker.Protocol;

namespace OrleansBroker.Client;

/// <summary>
/// A partition cannot be read on from where it is. Its position stays there, and the next call throws again, until the
/// application seeks or takes the partition out of its assignment; other partitions are not concerned.
/// </summary>
public sealed class ConsumeException : KafkaException
{
    public ConsumeException(ErrorCode error, string message, TopicPartitionOffset position, Exception? innerException = null)
        : base(error, $"{position}: {message}", innerException) => Position = position;

    /// <summary>The record that cannot be read, or the offset that is not there.</summary>
    public TopicPartitionOffset Position { get; }
}
