using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Groups;

/// <summary>
/// The second half of a rebalance: members ask for their assignment and wait until the leader has sent it. The group is
/// stable when the record with the assignment is replayed.
/// </summary>
internal sealed class SyncBarrier(GroupOptions options, GroupTable groups, JoinBarrier joins, DeadlineQueue deadlines)
{
    /// <summary>From this version on a member says which protocol it believes in.</summary>
    private const short ProtocolNamedSince = 5;

    public void Sync(SyncGroupRequest request, GroupCaller caller, ReplyToken token, long nowMs, CoordinatorResult result)
    {
        var error = Check(request, caller, out var group, out var member);
        if (error != ErrorCode.None)
        {
            result.Reply(token, SyncReply.Refused(error));
            return;
        }

        group!.SetOwesSync(member!, false);
        if (group.HaveAllSynced)
        {
            group.SyncDeadline.Cancel();
        }

        if (group.State == GroupState.Stable)
        {
            result.Reply(token, SyncReply.Assigned(group, member!.Assignment));
            return;
        }

        if (member!.AwaitingSync is { } overtaken)
        {
            // The same member asks a second time: as a rule its first connection is gone.
            result.Reply(overtaken, SyncReply.Refused(ErrorCode.RebalanceInProgress));
        }

        member.AwaitingSync = token;
        if (group.IsLeader(member.MemberId))
        {
            Assign(group, request, nowMs, result);
        }
    }

    /// <summary>Members had their time to ask for their assignment: those that did not are out.</summary>
    public void Expire(ClassicGroup group, long nowMs, CoordinatorResult result)
    {
        if (group.State is not (GroupState.CompletingRebalance or GroupState.Stable) || group.HaveAllSynced)
        {
            return;
        }

        foreach (var member in group.Members.Where(member => member.OwesSync).ToArray())
        {
            group.Remove(member);
        }

        joins.PrepareOrTryComplete(group, nowMs, result);
    }

    /// <summary>A group's metadata was replayed: if it is the assignment that members wait for, they have it.</summary>
    public static void Replayed(ClassicGroup group, CommittedGroup committed)
    {
        if (group.State != GroupState.CompletingRebalance || group.Generation != committed.Generation || committed.Members.Length == 0)
        {
            return;
        }

        foreach (var assigned in committed.Members)
        {
            if (group.TryFind(assigned.MemberId, out var member))
            {
                member.Assignment = assigned.Assignment;
            }
        }

        group.TransitionTo(GroupState.Stable, committed.StateTimestampMs);
    }

    private ErrorCode Check(SyncGroupRequest request, GroupCaller caller, out ClassicGroup? group, out GroupMember? member)
    {
        group = null;
        member = null;
        if (caller.ApiVersion >= ProtocolNamedSince && (request.ProtocolType is null || request.ProtocolName is null))
        {
            return ErrorCode.InconsistentGroupProtocol;
        }

        if (request.GroupId.Length == 0)
        {
            return ErrorCode.InvalidGroupId;
        }

        group = groups.Find(request.GroupId);
        if (group is null)
        {
            return ErrorCode.UnknownMemberId;
        }

        var error = group.Check(request.MemberId, request.GroupInstanceId);
        if (error != ErrorCode.None)
        {
            return error;
        }

        group.TryFind(request.MemberId, out member);
        return request.GenerationId != group.Generation ? ErrorCode.IllegalGeneration
            : Differ(request.ProtocolType, group.ProtocolType) || Differ(request.ProtocolName, group.ProtocolName) ? ErrorCode.InconsistentGroupProtocol
            : group.State == GroupState.PreparingRebalance ? ErrorCode.RebalanceInProgress
            : ErrorCode.None;
    }

    private static bool Differ(string? theirs, string? ours) => theirs is not null && ours is not null && theirs != ours;

    /// <summary>The leader's assignment, to be committed; members that it forgot get an empty one.</summary>
    private void Assign(ClassicGroup group, SyncGroupRequest request, long nowMs, CoordinatorResult result)
    {
        var assignments = new Dictionary<string, byte[]>(request.Assignments.Length);
        foreach (var assignment in request.Assignments)
        {
            assignments[assignment.MemberId] = assignment.Assignment.ToArray();
        }

        var record = GroupRecords.Metadata(group, assignments);
        var fits = GroupRecords.SizeBytes(record) <= options.RecordBytesMax;
        foreach (var member in group.Members)
        {
            if (member.AwaitingSync is { } token)
            {
                result.Reply(token, fits
                    ? SyncReply.Assigned(group, assignments.GetValueOrDefault(member.MemberId, []))
                    : SyncReply.Refused(ErrorCode.UnknownServerError));
                member.AwaitingSync = null;
                deadlines.Set(member.Session, nowMs + member.SessionTimeoutMs);
            }
        }

        if (fits)
        {
            result.Add(record);
        }
        else
        {
            joins.PrepareOrTryComplete(group, nowMs, result);
        }
    }
}
