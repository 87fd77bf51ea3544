namespace OrleansBroker.Core.Topics;

/// <param name="Topic">As it is now.</param>
public sealed record TopicConfigChanged(CatalogTopic Topic) : CatalogRecord;
