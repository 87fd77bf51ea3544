using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Topics;

/// <summary>Why a part of a request was not done.</summary>
public sealed record Refusal(ErrorCode Code, string Message);
