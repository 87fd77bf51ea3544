using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Groups;

/// <summary>A JoinGroup request on its way through <see cref="MemberAdmission"/>.</summary>
internal readonly struct JoinAttempt
{
    public required JoinGroupRequest Request { get; init; }

    public required GroupCaller Caller { get; init; }

    public required ReplyToken Token { get; init; }

    /// <summary>The request's protocols, copied out of its frame.</summary>
    public required MemberProtocol[] Protocols { get; init; }

    /// <summary>Makes the member id unique, if one is given.</summary>
    public required Guid MemberUuid { get; init; }

    public required long NowMs { get; init; }

    public required CoordinatorResult Result { get; init; }

    /// <summary>Version 0 has no rebalance timeout.</summary>
    public int RebalanceTimeoutMs => Caller.ApiVersion == 0 ? Request.SessionTimeoutMs : Request.RebalanceTimeoutMs;

    public string NewMemberId => $"{Request.GroupInstanceId ?? Caller.ClientId}-{MemberUuid:D}";

    public void Refuse(Protocol.ErrorCode error, string memberId) => Result.Reply(Token, JoinReply.Refused(error, memberId));
}
