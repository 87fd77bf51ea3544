namespace OrleansBroker.Core.Groups;

/// <summary>A response and the request that it answers.</summary>
public readonly record struct CoordinatorReply(ReplyToken Token, object Response);
