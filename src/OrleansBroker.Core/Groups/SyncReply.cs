using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Groups;

/// <summary>The responses to SyncGroup.</summary>
internal static class SyncReply
{
    public static SyncGroupResponse Refused(ErrorCode error) => new() { ErrorCode = error };

    public static SyncGroupResponse Assigned(ClassicGroup group, byte[] assignment) => new()
    {
        ProtocolType = group.ProtocolType,
        ProtocolName = group.ProtocolName,
        Assignment = assignment,
    };
}
