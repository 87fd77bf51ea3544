namespace OrleansBroker.Core.Groups;

/// <summary>A group as the log has it: its last generation that was given an assignment, or that was empty.</summary>
internal sealed record CommittedGroup
{
    /// <summary>Null for a group that has never had a member.</summary>
    public string? ProtocolType { get; init; }

    public int Generation { get; init; }

    /// <summary>Null in a generation without members.</summary>
    public string? ProtocolName { get; init; }

    public string? Leader { get; init; }

    /// <summary>-1 where a broker wrote it that did not know it.</summary>
    public long StateTimestampMs { get; init; } = -1;

    public CommittedMember[] Members { get; init; } = [];

    /// <summary>The group that a broker finds when it loads this: with members it is stable, as they may still be there.</summary>
    public ClassicGroup Restore(string groupId)
    {
        var group = new ClassicGroup(groupId);
        foreach (var member in Members)
        {
            group.Add(
                new GroupMember(group, member.MemberId, member.InstanceId)
                {
                    ClientId = member.ClientId,
                    ClientHost = member.ClientHost,
                    RebalanceTimeoutMs = member.RebalanceTimeoutMs,
                    SessionTimeoutMs = member.SessionTimeoutMs,
                    Protocols = [new MemberProtocol(ProtocolName ?? string.Empty, member.Metadata)],
                    Assignment = member.Assignment,
                },
                ProtocolType ?? string.Empty);
        }

        group.Restore(Generation, ProtocolType, ProtocolName, Leader, StateTimestampMs);
        return group;
    }
}
