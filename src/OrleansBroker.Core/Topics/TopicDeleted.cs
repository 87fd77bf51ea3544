namespace OrleansBroker.Core.Topics;

public sealed record TopicDeleted(CatalogTopic Topic) : CatalogRecord;
