using System.Diagnostics.CodeAnalysis;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Groups;

/// <summary>
/// One group as it is now: members, generation and the state of its rebalance (<see cref="GroupState"/> has the transitions).
/// It decides nothing; <see cref="JoinBarrier"/>, <see cref="SyncBarrier"/>, <see cref="MemberAdmission"/> and
/// <see cref="MemberSessions"/> do.
/// <para>Invariants: the leader is a member; all members have the group's protocol type and a protocol in common;
/// an instance id belongs to one member; nobody awaits join outside PreparingRebalance, nor sync outside CompletingRebalance.</para>
/// </summary>
internal sealed class ClassicGroup
{
    /// <summary>The protocol type of consumers, whose metadata names the topics they subscribe to.</summary>
    public const string ConsumerProtocolType = "consumer";

    private readonly Dictionary<string, GroupMember> _members = [];
    private readonly Dictionary<string, GroupMember> _staticMembers = [];
    private readonly Dictionary<string, Deadline> _pending = [];

    /// <summary>How many members offer a protocol.</summary>
    private readonly Dictionary<string, int> _offers = [];
    private int _awaitingJoin;
    private int _owingSync;

    public ClassicGroup(string groupId)
    {
        GroupId = groupId;
        JoinDeadline = new Deadline(DeadlineKind.Join, this, string.Empty);
        SyncDeadline = new Deadline(DeadlineKind.Sync, this, string.Empty);
    }

    public string GroupId { get; }

    public GroupState State { get; private set; }

    /// <summary>A rebalance that began in Empty is the initial one, which waits for more members than it knows of.</summary>
    public GroupState PreviousState { get; private set; } = GroupState.Dead;

    /// <summary>When the group entered its state; -1 where that is not known.</summary>
    public long StateTimestampMs { get; set; } = -1;

    /// <summary>Null for a group that only stand-alone consumers have committed to.</summary>
    public string? ProtocolType { get; set; }

    public string? ProtocolName { get; private set; }

    public int Generation { get; private set; }

    /// <summary>The member id of the leader, or null in a group without members.</summary>
    public string? Leader { get; private set; }

    /// <summary>What the members subscribe to; null where it is not known.</summary>
    public HashSet<string>? SubscribedTopics { get; private set; }

    public Deadline JoinDeadline { get; }

    public Deadline SyncDeadline { get; }

    /// <summary>A member was added since the initial rebalance last put off its end.</summary>
    public bool IsMemberAdded { get; set; }

    /// <summary>The initial rebalance: the delay that is running, and what is left for further ones.</summary>
    public int InitialDelayMs { get; set; }

    /// <inheritdoc cref="InitialDelayMs"/>
    public int InitialRemainingMs { get; set; }

    public IReadOnlyCollection<GroupMember> Members => _members.Values;

    public int AwaitingJoinCount => _awaitingJoin;

    public bool HasPendingMembers => _pending.Count > 0;

    public bool IsEmpty => State == GroupState.Empty;

    public bool IsConsumerGroup => ProtocolType == ConsumerProtocolType;

    public bool CanRebalance => State is GroupState.Stable or GroupState.CompletingRebalance or GroupState.Empty;

    public bool HaveAllJoined => _members.Count == _awaitingJoin && _pending.Count == 0;

    public bool HaveAllSynced => _owingSync == 0;

    /// <summary>The time that members have to join: that of the slowest.</summary>
    public int RebalanceTimeoutMs => _members.Count == 0 ? 0 : _members.Values.Max(member => Math.Max(0, member.RebalanceTimeoutMs));

    public bool IsLeader(string memberId) => Leader == memberId;

    public bool TryFind(string memberId, [NotNullWhen(true)] out GroupMember? member) => _members.TryGetValue(memberId, out member);

    public bool TryFindStatic(string instanceId, [NotNullWhen(true)] out GroupMember? member) => _staticMembers.TryGetValue(instanceId, out member);

    /// <summary>Whether a request that names these comes from a member: None, UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID.</summary>
    public ErrorCode Check(string memberId, string? instanceId)
    {
        if (instanceId is not null)
        {
            if (!_staticMembers.TryGetValue(instanceId, out var holder))
            {
                return ErrorCode.UnknownMemberId;
            }

            if (holder.MemberId != memberId)
            {
                return ErrorCode.FencedInstanceId;
            }
        }

        return _members.ContainsKey(memberId) ? ErrorCode.None : ErrorCode.UnknownMemberId;
    }

    /// <summary>Whether a member of this type that offers these protocols goes together with those that are there.</summary>
    public bool Supports(string protocolType, MemberProtocol[] protocols)
    {
        if (IsEmpty)
        {
            return protocolType.Length > 0 && protocols.Length > 0;
        }

        return ProtocolType == protocolType
            && protocols.Any(protocol => _offers.GetValueOrDefault(protocol.Name) == _members.Count);
    }

    public void Add(GroupMember member, string protocolType)
    {
        if (_members.Count == 0)
        {
            ProtocolType = protocolType;
        }

        _members.Add(member.MemberId, member);
        if (member.InstanceId is not null)
        {
            _staticMembers.Add(member.InstanceId, member);
        }

        Leader ??= member.MemberId;
        Count(member.Protocols, 1);
    }

    /// <summary>The caller has answered the member's waiting requests.</summary>
    public void Remove(GroupMember member)
    {
        AwaitJoin(member, null);
        SetOwesSync(member, false);
        member.Session.Cancel();
        _members.Remove(member.MemberId);
        if (member.InstanceId is not null)
        {
            _staticMembers.Remove(member.InstanceId);
        }

        Count(member.Protocols, -1);
        if (IsLeader(member.MemberId))
        {
            Leader = _members.Values.FirstOrDefault()?.MemberId;
        }
    }

    /// <summary>The instance came back without its member id: it gets a new one, and whoever still uses the old one is fenced.</summary>
    public void ReplaceStaticMember(GroupMember member, string newMemberId)
    {
        _members.Remove(member.MemberId);
        if (IsLeader(member.MemberId))
        {
            Leader = newMemberId;
        }

        member.Rename(newMemberId);
        _members.Add(newMemberId, member);
    }

    public void SetProtocols(GroupMember member, MemberProtocol[] protocols)
    {
        Count(member.Protocols, -1);
        member.Protocols = protocols;
        Count(protocols, 1);
    }

    public void AwaitJoin(GroupMember member, ReplyToken? token)
    {
        _awaitingJoin += (token is null ? 0 : 1) - (member.AwaitingJoin is null ? 0 : 1);
        member.AwaitingJoin = token;
    }

    public void SetOwesSync(GroupMember member, bool owes)
    {
        _owingSync += (owes ? 1 : 0) - (member.OwesSync ? 1 : 0);
        member.OwesSync = owes;
    }

    /// <summary>Members that were given their id and told to join again with it (KIP-394).</summary>
    public bool IsPending(string memberId) => _pending.ContainsKey(memberId);

    public Deadline AddPending(string memberId)
    {
        var session = new Deadline(DeadlineKind.Session, this, memberId);
        _pending.Add(memberId, session);
        return session;
    }

    public bool RemovePending(string memberId)
    {
        if (!_pending.Remove(memberId, out var session))
        {
            return false;
        }

        session.Cancel();
        return true;
    }

    /// <summary>Makes sure that the leader is one that has joined; false where nobody has.</summary>
    public bool ElectLeader()
    {
        if (Leader is null)
        {
            return false;
        }

        if (_members[Leader].AwaitingJoin is not null)
        {
            return true;
        }

        var joined = _members.Values.FirstOrDefault(member => member.AwaitingJoin is not null);
        Leader = joined?.MemberId ?? Leader;
        return joined is not null;
    }

    /// <summary>The protocol that every member offers and most prefer.</summary>
    public string SelectProtocol()
    {
        var votes = new Dictionary<string, int>();
        foreach (var member in _members.Values)
        {
            var vote = Array.Find(member.Protocols, protocol => _offers[protocol.Name] == _members.Count).Name
                ?? throw new InvalidOperationException($"member {member.MemberId} of group {GroupId} offers none of the common protocols");
            votes[vote] = votes.GetValueOrDefault(vote) + 1;
        }

        return votes.MaxBy(vote => vote.Value).Key;
    }

    /// <summary>Everybody that was waited for has joined or is out: the next generation begins.</summary>
    public void BeginGeneration(long nowMs)
    {
        Generation++;
        ProtocolName = _members.Count == 0 ? null : SelectProtocol();
        SubscribedTopics = ComputeSubscribedTopics();
        TransitionTo(_members.Count == 0 ? GroupState.Empty : GroupState.CompletingRebalance, nowMs);
    }

    /// <summary>A group as the log has it, after loading.</summary>
    public void Restore(int generation, string? protocolType, string? protocolName, string? leader, long stateTimestampMs)
    {
        ProtocolType = protocolType;
        ProtocolName = protocolName;
        Generation = generation;
        Leader = leader is not null && _members.ContainsKey(leader) ? leader : _members.Values.FirstOrDefault()?.MemberId;
        StateTimestampMs = stateTimestampMs;
        State = _members.Count == 0 ? GroupState.Empty : GroupState.Stable;
        SubscribedTopics = ComputeSubscribedTopics();
    }

    public void TransitionTo(GroupState next, long nowMs)
    {
        var allowed = next switch
        {
            GroupState.Empty => State == GroupState.PreparingRebalance,
            GroupState.PreparingRebalance => CanRebalance,
            GroupState.CompletingRebalance => State == GroupState.PreparingRebalance,
            GroupState.Stable => State == GroupState.CompletingRebalance,
            GroupState.Dead => true,
            _ => false,
        };
        if (!allowed)
        {
            throw new InvalidOperationException($"group {GroupId} cannot go from {State} to {next}");
        }

        PreviousState = State;
        State = next;
        StateTimestampMs = nowMs;
    }

    /// <summary>The group is deleted: nothing of it happens any more.</summary>
    public void Retire()
    {
        TransitionTo(GroupState.Dead, StateTimestampMs);
        JoinDeadline.Cancel();
        SyncDeadline.Cancel();
        foreach (var session in _pending.Values)
        {
            session.Cancel();
        }

        foreach (var member in _members.Values)
        {
            member.Session.Cancel();
        }
    }

    /// <summary>Whether somebody consumes the topic now. Of a consumer group whose metadata cannot be read it is assumed.</summary>
    public bool IsSubscribedTo(string topic) => SubscribedTopics?.Contains(topic) ?? IsConsumerGroup;

    private HashSet<string>? ComputeSubscribedTopics()
    {
        if (!IsConsumerGroup)
        {
            return null;
        }

        var topics = new HashSet<string>();
        foreach (var member in _members.Values)
        {
            if (ProtocolName is null || !Subscription.TryReadTopics(member.Metadata(ProtocolName), topics))
            {
                return null;
            }
        }

        return topics;
    }

    private void Count(MemberProtocol[] protocols, int change)
    {
        foreach (var protocol in protocols)
        {
            _offers[protocol.Name] = _offers.GetValueOrDefault(protocol.Name) + change;
        }
    }
}
