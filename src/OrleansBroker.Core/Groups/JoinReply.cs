using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Groups;

/// <summary>The responses to JoinGroup.</summary>
internal static class JoinReply
{
    public static JoinGroupResponse Refused(ErrorCode error, string memberId) => new()
    {
        ErrorCode = error,
        MemberId = memberId,
        ProtocolName = null,
    };

    /// <summary>The group's current generation. Only the leader is told who the members are, as it makes the assignment.</summary>
    public static JoinGroupResponse Joined(ClassicGroup group, GroupMember member) => new()
    {
        GenerationId = group.Generation,
        ProtocolType = group.ProtocolType,
        ProtocolName = group.ProtocolName,
        Leader = group.Leader ?? string.Empty,
        MemberId = member.MemberId,
        Members = group.IsLeader(member.MemberId) ? Members(group) : [],
    };

    private static JoinGroupResponse.JoinGroupResponseMember[] Members(ClassicGroup group)
    {
        var members = new JoinGroupResponse.JoinGroupResponseMember[group.Members.Count];
        var i = 0;
        foreach (var member in group.Members)
        {
            members[i++] = new JoinGroupResponse.JoinGroupResponseMember
            {
                MemberId = member.MemberId,
                GroupInstanceId = member.InstanceId,
                Metadata = member.Metadata(group.ProtocolName!),
            };
        }

        return members;
    }
}
