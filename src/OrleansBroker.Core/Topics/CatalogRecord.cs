namespace OrleansBroker.Core.Topics;

/// <summary>Something that happened to the catalog. It counts once it is stored, and <see cref="Catalog.Replay"/> alone acts on it.</summary>
public abstract record CatalogRecord;
