namespace OrleansBroker.Storage.Segments;

/// <summary>A segment holds bytes that are no record batch where one should be. Never served; the message names file and position.</summary>
public sealed class CorruptSegmentException : IOException
{
    public CorruptSegmentException()
    {
    }

    public CorruptSegmentException(string message)
        : base(message)
    {
    }

    public CorruptSegmentException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
