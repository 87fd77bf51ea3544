using OrleansBroker.Protocol;

namespace OrleansBroker.Client;

/// <summary>A record was not delivered, or nobody can say whether it was: <see cref="Status"/> tells these apart.</summary>
public sealed class ProduceException : KafkaException
{
    public ProduceException(ErrorCode error, string message, TopicPartition topicPartition, PersistenceStatus status, Exception? innerException = null)
        : base(error, $"{topicPartition}: {message}", innerException)
    {
        TopicPartition = topicPartition;
        Status = status;
    }

    /// <summary>The partition is -1 where none was chosen yet.</summary>
    public TopicPartition TopicPartition { get; }

    public PersistenceStatus Status { get; }
}
