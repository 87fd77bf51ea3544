namespace OrleansBroker.Core.Topics;

/// <summary>What a request comes to: records to store, and the response to give once they are stored.</summary>
public sealed record CatalogResult<TResponse>(IReadOnlyList<CatalogRecord> Records, TResponse Response);
