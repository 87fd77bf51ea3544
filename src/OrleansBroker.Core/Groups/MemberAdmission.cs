using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Groups;

/// <summary>
/// Lets members into groups: what a JoinGroup request comes to, before the <see cref="JoinBarrier"/> takes over.
/// <code>
/// no member id, version 4 and later --> MEMBER_ID_REQUIRED with an id to come back with (KIP-394)
/// no member id, earlier             --> a new member
/// no member id, known instance id   --> the same static member under a new id (KIP-345)
/// an id that was given out          --> a new member
/// an id of a member                 --> the member again: a rebalance where that changes anything, else the current generation
/// </code>
/// </summary>
internal sealed class MemberAdmission(GroupOptions options, GroupTable groups, JoinBarrier joins, DeadlineQueue deadlines)
{
    /// <summary>From this version on a member without an id is sent away with one.</summary>
    private const short MemberIdRequiredSince = 4;

    /// <summary>From this version on a static leader that is back can be told to keep the assignment.</summary>
    private const short SkipAssignmentSince = 9;

    public void Join(in JoinAttempt attempt)
    {
        var request = attempt.Request;
        if (request.GroupId.Length == 0 || !GroupRecords.Holds(request.GroupId))
        {
            attempt.Refuse(ErrorCode.InvalidGroupId, request.MemberId);
            return;
        }

        if (!GroupRecords.Holds(attempt.NewMemberId) || !GroupRecords.Holds(request.ProtocolType) || !Array.TrueForAll(attempt.Protocols, protocol => GroupRecords.Holds(protocol.Name)))
        {
            attempt.Refuse(ErrorCode.InvalidRequest, request.MemberId);
            return;
        }

        if (request.SessionTimeoutMs < options.SessionTimeoutMsMin || request.SessionTimeoutMs > options.SessionTimeoutMsMax)
        {
            attempt.Refuse(ErrorCode.InvalidSessionTimeout, request.MemberId);
            return;
        }

        var isNewMember = request.MemberId.Length == 0;
        var group = groups.Find(request.GroupId);
        if (group is null)
        {
            if (isNewMember)
            {
                JoinNewGroup(attempt);
            }
            else
            {
                attempt.Refuse(ErrorCode.UnknownMemberId, request.MemberId);
            }
        }
        else if (!HasRoom(group, request.MemberId))
        {
            if (group.TryFind(request.MemberId, out var member))
            {
                Replies.RemoveMember(group, member, attempt.Result);
            }

            attempt.Refuse(ErrorCode.GroupMaxSizeReached, string.Empty);
        }
        else if (!group.Supports(request.ProtocolType, attempt.Protocols))
        {
            attempt.Refuse(ErrorCode.InconsistentGroupProtocol, request.MemberId);
        }
        else if (isNewMember)
        {
            JoinNew(group, attempt);
        }
        else
        {
            JoinAgain(group, attempt);
        }
    }

    private void JoinNewGroup(in JoinAttempt attempt)
    {
        var group = new ClassicGroup(attempt.Request.GroupId) { StateTimestampMs = attempt.NowMs };
        if (!group.Supports(attempt.Request.ProtocolType, attempt.Protocols))
        {
            attempt.Refuse(ErrorCode.InconsistentGroupProtocol, string.Empty);
            return;
        }

        groups.Add(group);
        attempt.Result.Add(GroupRecords.Metadata(group, assignments: null));
        JoinNew(group, attempt);
    }

    /// <summary>
    /// While members join, those that have joined count, so that the last to come back are those that a smaller limit shuts
    /// out; afterwards all that are there.
    /// </summary>
    private bool HasRoom(ClassicGroup group, string memberId)
    {
        var isMember = group.TryFind(memberId, out var member);
        return group.State switch
        {
            GroupState.PreparingRebalance => member?.AwaitingJoin is not null || group.AwaitingJoinCount < options.SizeMax,
            GroupState.CompletingRebalance or GroupState.Stable => isMember || group.Members.Count < options.SizeMax,
            _ => true,
        };
    }

    private void JoinNew(ClassicGroup group, in JoinAttempt attempt)
    {
        if (attempt.Request.GroupInstanceId is { } instanceId)
        {
            if (group.TryFindStatic(instanceId, out var member))
            {
                JoinReplacing(group, member, attempt);
            }
            else
            {
                AddMember(group, attempt.NewMemberId, attempt);
            }
        }
        else if (attempt.Caller.ApiVersion >= MemberIdRequiredSince)
        {
            var memberId = attempt.NewMemberId;
            deadlines.Set(group.AddPending(memberId), attempt.NowMs + attempt.Request.SessionTimeoutMs);
            attempt.Refuse(ErrorCode.MemberIdRequired, memberId);
        }
        else
        {
            AddMember(group, attempt.NewMemberId, attempt);
        }
    }

    private void JoinAgain(ClassicGroup group, in JoinAttempt attempt)
    {
        var request = attempt.Request;
        if (group.IsPending(request.MemberId))
        {
            if (request.GroupInstanceId is not null)
            {
                // Ids are given out to dynamic members only.
                attempt.Refuse(ErrorCode.UnknownMemberId, request.MemberId);
                return;
            }

            group.RemovePending(request.MemberId);
            AddMember(group, request.MemberId, attempt);
            return;
        }

        var error = group.Check(request.MemberId, request.GroupInstanceId);
        if (error != ErrorCode.None || !group.TryFind(request.MemberId, out var member))
        {
            attempt.Refuse(error, request.MemberId);
            return;
        }

        var isUnchanged = member.Offers(attempt.Protocols);
        var isAnsweredAtOnce = group.State switch
        {
            // It may have missed the response to its first join.
            GroupState.CompletingRebalance => isUnchanged,

            // The leader joins again to have a new assignment made, for example because a topic has more partitions.
            GroupState.Stable => isUnchanged && !group.IsLeader(request.MemberId),
            _ => false,
        };
        if (isAnsweredAtOnce)
        {
            attempt.Result.Reply(attempt.Token, JoinReply.Joined(group, member));
            return;
        }

        Update(group, member, attempt);
        AwaitOthers(group, member, attempt);
        joins.PrepareOrTryComplete(group, attempt.NowMs, attempt.Result);
    }

    private void AddMember(ClassicGroup group, string memberId, in JoinAttempt attempt)
    {
        var member = new GroupMember(group, memberId, attempt.Request.GroupInstanceId)
        {
            IsNew = true,
            ClientId = attempt.Caller.ClientId,
            ClientHost = attempt.Caller.ClientHost,
            RebalanceTimeoutMs = attempt.RebalanceTimeoutMs,
            SessionTimeoutMs = attempt.Request.SessionTimeoutMs,
            Protocols = attempt.Protocols,
        };
        group.Add(member, attempt.Request.ProtocolType);
        group.AwaitJoin(member, attempt.Token);
        if (group.State == GroupState.PreparingRebalance && group.PreviousState == GroupState.Empty)
        {
            group.IsMemberAdded = true;
        }

        deadlines.Set(member.Session, attempt.NowMs + options.NewMemberJoinTimeoutMs);
        joins.PrepareOrTryComplete(group, attempt.NowMs, attempt.Result);
    }

    /// <summary>A static member was restarted and has forgotten its member id.</summary>
    private void JoinReplacing(ClassicGroup group, GroupMember member, in JoinAttempt attempt)
    {
        var result = attempt.Result;
        var leaderBefore = group.Leader;
        Replies.FenceMember(group, member, result);
        group.ReplaceStaticMember(member, attempt.NewMemberId);
        Update(group, member, attempt);
        deadlines.Set(member.Session, attempt.NowMs + member.SessionTimeoutMs);

        if (group.State == GroupState.Stable && group.SelectProtocol() == group.ProtocolName)
        {
            var record = GroupRecords.Metadata(group, group.Members.ToDictionary(each => each.MemberId, each => each.Assignment));
            if (GroupRecords.SizeBytes(record) <= options.RecordBytesMax)
            {
                result.Add(record);
                result.Reply(attempt.Token, Replaced(group, member, leaderBefore, attempt.Caller.ApiVersion));
                return;
            }
        }

        // Also while the leader makes the assignment: it knows the member by its old id.
        AwaitOthers(group, member, attempt);
        joins.PrepareOrTryComplete(group, attempt.NowMs, result);
    }

    /// <summary>
    /// The current generation goes on. A leader must not make an assignment that nobody would get: it is told so, or, in
    /// versions without a field for that, it is told the leader's old id, in which it does not recognise itself.
    /// </summary>
    private static JoinGroupResponse Replaced(ClassicGroup group, GroupMember member, string? leaderBefore, short version)
    {
        var response = JoinReply.Joined(group, member);
        if (version >= SkipAssignmentSince)
        {
            response.SkipAssignment = group.IsLeader(member.MemberId);
        }
        else
        {
            response.Leader = leaderBefore ?? string.Empty;
            response.Members = [];
        }

        return response;
    }

    private static void Update(ClassicGroup group, GroupMember member, in JoinAttempt attempt)
    {
        group.SetProtocols(member, attempt.Protocols);
        member.ClientId = attempt.Caller.ClientId;
        member.ClientHost = attempt.Caller.ClientHost;
        member.RebalanceTimeoutMs = attempt.RebalanceTimeoutMs;
        member.SessionTimeoutMs = attempt.Request.SessionTimeoutMs;
    }

    private static void AwaitOthers(ClassicGroup group, GroupMember member, in JoinAttempt attempt)
    {
        if (member.AwaitingJoin is { } overtaken)
        {
            // The same member asks a second time: as a rule its first connection is gone.
            attempt.Result.Reply(overtaken, JoinReply.Refused(ErrorCode.RebalanceInProgress, member.MemberId));
        }

        group.AwaitJoin(member, attempt.Token);
    }
}
