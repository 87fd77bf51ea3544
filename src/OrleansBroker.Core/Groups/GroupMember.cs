namespace OrleansBroker.Core.Groups;

/// <summary>A member of a classic group: what it told when it joined, its assignment, and which of its requests wait.</summary>
internal sealed class GroupMember
{
    public GroupMember(ClassicGroup group, string memberId, string? instanceId)
    {
        MemberId = memberId;
        InstanceId = instanceId;
        Session = new Deadline(DeadlineKind.Session, group, memberId);
    }

    /// <summary>Changed only by <see cref="ClassicGroup.ReplaceStaticMember"/>.</summary>
    public string MemberId { get; private set; }

    /// <summary>Set for a static member (KIP-345).</summary>
    public string? InstanceId { get; }

    public string ClientId { get; set; } = string.Empty;

    public string ClientHost { get; set; } = string.Empty;

    public int RebalanceTimeoutMs { get; set; }

    public int SessionTimeoutMs { get; set; }

    /// <summary>In the order of the member's preference, each name once.</summary>
    public MemberProtocol[] Protocols { get; set; } = [];

    /// <summary>Changed only when the record that holds it was replayed, and emptied when a rebalance overtakes it.</summary>
    public byte[] Assignment { get; set; } = [];

    /// <summary>It has not had its first join answered: it may not know its id yet, so its session ends even while it waits.</summary>
    public bool IsNew { get; set; }

    /// <summary>The JoinGroup request that waits for the others.</summary>
    public ReplyToken? AwaitingJoin { get; set; }

    /// <summary>The SyncGroup request that waits for the leader's assignment.</summary>
    public ReplyToken? AwaitingSync { get; set; }

    /// <summary>It was told to send SyncGroup and has not done so.</summary>
    public bool OwesSync { get; set; }

    public Deadline Session { get; }

    public bool IsStatic => InstanceId is not null;

    /// <summary>A member that waits for us need not send heartbeats.</summary>
    public bool IsHeldByUs => !IsNew && (AwaitingJoin is not null || AwaitingSync is not null);

    /// <summary>What the member said about itself under a protocol that it offers.</summary>
    public byte[] Metadata(string protocolName)
    {
        foreach (var protocol in Protocols)
        {
            if (protocol.Name == protocolName)
            {
                return protocol.Metadata;
            }
        }

        throw new InvalidOperationException($"member {MemberId} does not offer the group's protocol {protocolName}");
    }

    public bool Offers(MemberProtocol[] protocols)
    {
        if (protocols.Length != Protocols.Length)
        {
            return false;
        }

        for (var i = 0; i < protocols.Length; i++)
        {
            if (protocols[i].Name != Protocols[i].Name || !protocols[i].Metadata.AsSpan().SequenceEqual(Protocols[i].Metadata))
            {
                return false;
            }
        }

        return true;
    }

    internal void Rename(string memberId)
    {
        MemberId = memberId;
        Session.MemberId = memberId;
    }
}
