namespace OrleansBroker.Client.Metadata;

/// <summary>That somebody wants to know about a topic.</summary>
/// <param name="MayCreate"><c>allow.auto.create.topics</c>: whether asking may create it, where the broker allows that.</param>
internal readonly record struct TopicInterest(string Topic, bool MayCreate);
