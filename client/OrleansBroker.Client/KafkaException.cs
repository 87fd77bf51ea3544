using OrleansBroker.Protocol;

namespace OrleansBroker.Client;

/// <summary>
/// What a broker refused, or what kept the client from asking it. <see cref="Error"/> is Kafka's code; for what happens on
/// this side of the wire it is the code that Kafka's own clients use: <see cref="ErrorCode.NetworkException"/> for a connection
/// that broke or could not be made, <see cref="ErrorCode.RequestTimedOut"/> for a time limit, <see cref="ErrorCode.BrokerNotAvailable"/>
/// where no broker can be reached, <see cref="ErrorCode.UnsupportedVersion"/> where the broker is too old for what was asked.
/// </summary>
public class KafkaException : Exception
{
    public KafkaException(ErrorCode error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    public ErrorCode Error { get; }

    /// <summary>Whether asking again may succeed. The client has asked again by itself for as long as its time limits allowed.</summary>
    public bool IsRetriable => Error.IsRetriable();

    /// <summary>Whether nothing more will succeed with this producer or consumer, which is then to be disposed.</summary>
    public bool IsFatal => Error.IsFatal();
}
