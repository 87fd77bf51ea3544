using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Groups;

/// <summary>Answers whatever a member waits for, when the member goes or loses its id.</summary>
internal static class Replies
{
    /// <summary>Takes the member out of the group. If it is still there, it learns from UNKNOWN_MEMBER_ID that it has to join anew.</summary>
    public static void RemoveMember(ClassicGroup group, GroupMember member, CoordinatorResult result)
    {
        Answer(group, member, string.Empty, ErrorCode.UnknownMemberId, result);
        group.Remove(member);
    }

    /// <summary>Another process has taken over the member's instance id.</summary>
    public static void FenceMember(ClassicGroup group, GroupMember member, CoordinatorResult result) =>
        Answer(group, member, member.MemberId, ErrorCode.FencedInstanceId, result);

    private static void Answer(ClassicGroup group, GroupMember member, string memberId, ErrorCode error, CoordinatorResult result)
    {
        if (member.AwaitingJoin is { } join)
        {
            result.Reply(join, JoinReply.Refused(error, memberId));
            group.AwaitJoin(member, null);
        }

        if (member.AwaitingSync is { } sync)
        {
            result.Reply(sync, SyncReply.Refused(error));
            member.AwaitingSync = null;
        }
    }
}
