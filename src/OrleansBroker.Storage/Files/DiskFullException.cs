namespace OrleansBroker.Storage.Files;

/// <summary>A write failed because the disk, or a quota on it, is full.</summary>
public sealed class DiskFullException : IOException
{
    public DiskFullException()
    {
    }

    public DiskFullException(string message)
        : base(message)
    {
    }

    public DiskFullException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
