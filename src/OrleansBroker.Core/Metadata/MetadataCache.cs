namespace OrleansBroker.Core.Metadata;

/// <summary>Holds this broker's image of the cluster. Readers take no lock; changes follow one another.</summary>
public sealed class MetadataCache(MetadataImage image)
{
    private readonly Lock _changing = new();
    private volatile MetadataImage _current = image;

    public MetadataImage Current => _current;

    public void Change(Func<MetadataImage, MetadataImage> change)
    {
        lock (_changing)
        {
            _current = change(_current);
        }
    }
}
