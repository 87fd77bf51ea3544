namespace OrleansBroker.Abstractions;

/// <summary>A broker refused what one of the extension methods asked of it, or could not do it. Grains themselves answer error codes.</summary>
public sealed class BrokerException : Exception
{
    public BrokerException()
    {
    }

    public BrokerException(string message)
        : base(message)
    {
    }

    public BrokerException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public BrokerException(ErrorCode error, string? message)
        : base(message is null ? error.ToString() : $"{error}: {message}") => Error = error;

    public ErrorCode Error { get; } = ErrorCode.UnknownServerError;

    /// <summary>
    /// Whether the same call may succeed later. What it asked for may have been done all the same: an append is doubled by a second
    /// attempt unless it has a producer id and a sequence.
    /// </summary>
    public bool IsRetriable => Error is ErrorCode.NotLeaderOrFollower or ErrorCode.LeaderNotAvailable or ErrorCode.UnknownTopicOrPartition or ErrorCode.NotEnoughReplicas
        or ErrorCode.NotEnoughReplicasAfterAppend or ErrorCode.RequestTimedOut or ErrorCode.OffsetNotAvailable or ErrorCode.KafkaStorageError or ErrorCode.FencedLeaderEpoch
        or ErrorCode.UnknownLeaderEpoch or ErrorCode.NotCoordinator or ErrorCode.CoordinatorNotAvailable or ErrorCode.CoordinatorLoadInProgress;

    internal static void ThrowIfFailed(ErrorCode error, string? message = null)
    {
        if (error != ErrorCode.None)
        {
            throw new BrokerException(error, message);
        }
    }
}
