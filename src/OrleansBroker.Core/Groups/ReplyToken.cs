namespace OrleansBroker.Core.Groups;

/// <summary>Names a request that waits for its reply; whoever sends requests to a machine chooses it.</summary>
public readonly record struct ReplyToken(long Value);
