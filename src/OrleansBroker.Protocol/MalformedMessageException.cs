namespace OrleansBroker.Protocol;

/// <summary>
/// Bytes that are not what the protocol or the record format says they are. Thrown by readers of outside input only,
/// and caught in one place: the connection's loop, which closes that connection.
/// </summary>
public sealed class MalformedMessageException : Exception
{
    public MalformedMessageException()
    {
    }

    public MalformedMessageException(string message)
        : base(message)
    {
    }

    public MalformedMessageException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
