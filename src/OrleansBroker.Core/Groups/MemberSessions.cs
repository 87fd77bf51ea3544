using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Groups;

/// <summary>Members as they live on, leave and fail.</summary>
internal sealed class MemberSessions(GroupTable groups, JoinBarrier joins, DeadlineQueue deadlines)
{
    /// <summary>From this version on a request lets several members leave, and may name them by instance id.</summary>
    private const short LeaveManySince = 3;

    public ErrorCode Heartbeat(HeartbeatRequest request, long nowMs)
    {
        if (request.GroupId.Length == 0)
        {
            return ErrorCode.InvalidGroupId;
        }

        if (!groups.TryFind(request.GroupId, out var group))
        {
            return ErrorCode.UnknownMemberId;
        }

        var error = group.Check(request.MemberId, request.GroupInstanceId);
        if (error != ErrorCode.None)
        {
            return error;
        }

        if (request.GenerationId != group.Generation)
        {
            return ErrorCode.IllegalGeneration;
        }

        Renew(group, request.MemberId, nowMs);
        return group.State == GroupState.PreparingRebalance ? ErrorCode.RebalanceInProgress : ErrorCode.None;
    }

    /// <summary>The member was heard of.</summary>
    public void Renew(ClassicGroup group, string memberId, long nowMs)
    {
        if (group.TryFind(memberId, out var member))
        {
            deadlines.Set(member.Session, nowMs + member.SessionTimeoutMs);
        }
    }

    /// <summary>A session has ended.</summary>
    public void Expire(ClassicGroup group, string memberId, long nowMs, CoordinatorResult result)
    {
        if (group.RemovePending(memberId))
        {
            CompleteIfAllJoined(group, nowMs, result);
        }
        else if (group.TryFind(memberId, out var member) && !member.IsHeldByUs)
        {
            Replies.RemoveMember(group, member, result);
            if (group.State == GroupState.PreparingRebalance)
            {
                CompleteIfAllJoined(group, nowMs, result);
            }
            else
            {
                joins.PrepareOrTryComplete(group, nowMs, result);
            }
        }
    }

    public void Leave(LeaveGroupRequest request, GroupCaller caller, ReplyToken token, long nowMs, CoordinatorResult result)
    {
        if (request.GroupId.Length == 0)
        {
            result.Reply(token, new LeaveGroupResponse { ErrorCode = ErrorCode.InvalidGroupId });
            return;
        }

        var group = groups.Find(request.GroupId);
        var members = caller.ApiVersion >= LeaveManySince
            ? request.Members
            : [new LeaveGroupRequest.MemberIdentity { MemberId = request.MemberId }];
        var answers = new LeaveGroupResponse.MemberResponse[members.Length];
        for (var i = 0; i < members.Length; i++)
        {
            answers[i] = new LeaveGroupResponse.MemberResponse
            {
                MemberId = members[i].MemberId,
                GroupInstanceId = members[i].GroupInstanceId,
                ErrorCode = group is null ? ErrorCode.UnknownMemberId : Leave(group, members[i], result),
            };
        }

        if (group is not null && Array.Exists(answers, answer => answer.ErrorCode == ErrorCode.None) && !group.IsEmpty)
        {
            joins.PrepareOrTryComplete(group, nowMs, result);
        }

        result.Reply(token, caller.ApiVersion >= LeaveManySince
            ? new LeaveGroupResponse { Members = answers }
            : new LeaveGroupResponse { ErrorCode = answers[0].ErrorCode });
    }

    private static ErrorCode Leave(ClassicGroup group, LeaveGroupRequest.MemberIdentity leaving, CoordinatorResult result)
    {
        var memberId = leaving.MemberId;
        if (memberId.Length == 0)
        {
            // An administrator takes out a static member, of which only the instance id is known.
            if (leaving.GroupInstanceId is null || !group.TryFindStatic(leaving.GroupInstanceId, out var holder))
            {
                return ErrorCode.UnknownMemberId;
            }

            memberId = holder.MemberId;
        }
        else if (group.RemovePending(memberId))
        {
            return ErrorCode.None;
        }

        var error = group.Check(memberId, leaving.GroupInstanceId);
        if (error == ErrorCode.None && group.TryFind(memberId, out var member))
        {
            Replies.RemoveMember(group, member, result);
        }

        return error;
    }

    private void CompleteIfAllJoined(ClassicGroup group, long nowMs, CoordinatorResult result)
    {
        if (group.State == GroupState.PreparingRebalance && group.HaveAllJoined)
        {
            joins.Complete(group, nowMs, result);
        }
    }
}
