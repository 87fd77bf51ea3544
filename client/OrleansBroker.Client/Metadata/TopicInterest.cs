namespace OrleansBroker.Client.Metadata;

/// <summary>That somebody wants to know about a topic.</summary>
/// <param name="MayCreate">
/// <c>allow.auto.create.topics</c>: whether asking may create it, where the broker allows that. This holds for the next refresh
/// only, and such a topic is forgotten when it is not used for <see cref="ClientOptions.MetadataMaxIdle"/>.
/// </param>
internal readonly record struct TopicInterest(string Topic, bool MayCreate);
