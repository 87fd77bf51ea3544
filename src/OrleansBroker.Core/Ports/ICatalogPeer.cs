namespace OrleansBroker.Core.Ports;

/// <summary>A broker's catalog as other brokers reach it.</summary>
public interface ICatalogPeer
{
    /// <summary>The broker that writes the catalog. Requests that came to another one are sent on to it.</summary>
    ITopicCatalog Writer { get; }

    /// <summary>The catalog has changed: completes once this broker's image and partitions show at least that version.</summary>
    ValueTask RefreshAsync(long version, CancellationToken cancellation);
}
