namespace OrleansBroker.Core.Topics;

/// <param name="Topic">As it is now.</param>
/// <param name="FirstPartition">The first of those that were added.</param>
public sealed record PartitionsAdded(CatalogTopic Topic, int FirstPartition) : CatalogRecord;
