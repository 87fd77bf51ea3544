namespace OrleansBroker.Core.Groups;

/// <summary>A protocol (for consumers: an assignor) that a member offers, and what it says about itself under it.</summary>
internal readonly record struct MemberProtocol(string Name, byte[] Metadata);
