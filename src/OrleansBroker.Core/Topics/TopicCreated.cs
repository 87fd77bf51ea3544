namespace OrleansBroker.Core.Topics;

public sealed record TopicCreated(CatalogTopic Topic) : CatalogRecord;
