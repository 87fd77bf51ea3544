namespace OrleansBroker.Core.Topics;

/// <param name="Version">Of the catalog in which the topic's document last changed.</param>
public readonly record struct IndexedTopic(string Name, long Version);
