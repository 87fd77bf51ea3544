namespace OrleansBroker.Client;

/// <summary>The type of a key or value that is always null.</summary>
public sealed class Null
{
    private Null()
    {
    }
}
