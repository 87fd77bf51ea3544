namespace OrleansBroker.Client;

/// <summary>What is being serialized.</summary>
public readonly record struct SerializationContext(MessageComponentType Component, string Topic);
