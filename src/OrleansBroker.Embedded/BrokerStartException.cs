namespace OrleansBroker.Embedded;

/// <summary>A broker cannot start, for a reason that its operator can mend. The message is one line and names what is wrong.</summary>
public sealed class BrokerStartException : Exception
{
    public BrokerStartException()
    {
    }

    public BrokerStartException(string message)
        : base(message)
    {
    }

    public BrokerStartException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
