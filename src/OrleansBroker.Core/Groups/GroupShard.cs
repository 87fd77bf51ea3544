using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Groups;

/// <summary>
/// All groups of one partition of <c>__consumer_offsets</c>, as a deterministic machine: a request and the time go in, records
/// to commit and replies to send come out. What the log knows of groups (offsets, and generations with their members and
/// assignments) changes by <see cref="Replay(in CoordinatorRecord)"/> alone; who waits for whom is forgotten with the machine.
/// <para>
/// Life: <see cref="Replay(in CoordinatorRecord)"/> of the whole log, <see cref="Loaded"/>, then inputs, each followed by the replay of the records it
/// led to. If they cannot be appended the machine is discarded, unless the result says otherwise, and another one loaded.
/// <see cref="Tick"/> is due at <see cref="NextDeadlineMs"/>.
/// </para>
/// <para>See <see cref="GroupState"/> for the states of a group; KIP-62, 211, 345, 394, 814 for why they are what they are.</para>
/// </summary>
public sealed class GroupShard
{
    private readonly GroupOptions _options;
    private readonly DeadlineQueue _deadlines = new();
    private readonly Deadline _expiryCheck = new(DeadlineKind.Expiry, group: null, memberId: string.Empty);
    private readonly GroupTable _groups = new();
    private readonly OffsetTable _offsets = new();
    private readonly JoinBarrier _joins;
    private readonly SyncBarrier _syncs;
    private readonly MemberAdmission _admission;
    private readonly MemberSessions _sessions;
    private readonly OffsetCommits _commits;
    private readonly OffsetExpiry _expiry;
    private readonly GroupQueries _queries;

    public GroupShard(GroupOptions options)
    {
        _options = options;
        _joins = new JoinBarrier(options, _deadlines);
        _syncs = new SyncBarrier(options, _groups, _joins, _deadlines);
        _admission = new MemberAdmission(options, _groups, _joins, _deadlines);
        _sessions = new MemberSessions(_groups, _joins, _deadlines);
        _commits = new OffsetCommits(options, _groups, _offsets, _sessions);
        _expiry = new OffsetExpiry(options, _groups, _offsets);
        _queries = new GroupQueries(_groups, _offsets);
    }

    /// <summary>Whether the log has been replayed, so that requests can be answered.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary><see cref="Tick"/> has nothing to do before; <see cref="long.MaxValue"/> where nothing is due ever.</summary>
    public long NextDeadlineMs => _deadlines.NextMs;

    internal IReadOnlyDictionary<string, CommittedGroup> CommittedGroups => _groups.Committed;

    internal OffsetTable Offsets => _offsets;

    /// <summary>
    /// The log has been replayed. Whoever was a member has its session timeout from now on to be heard of.
    /// </summary>
    public void Loaded(long nowMs)
    {
        foreach (var (groupId, committed) in _groups.Committed)
        {
            _groups.Add(committed.Restore(groupId));
        }

        foreach (var groupId in _offsets.GroupIds)
        {
            AddOffsetsOnlyGroup(groupId);
        }

        foreach (var group in _groups.All)
        {
            foreach (var member in group.Members)
            {
                _deadlines.Set(member.Session, nowMs + member.SessionTimeoutMs);
            }

            if (group.Members.Count > _options.SizeMax)
            {
                // The limit was lowered: the last to join again are shut out. Nobody waits yet, so there is nothing to answer.
                _joins.PrepareOrTryComplete(group, nowMs, new CoordinatorResult());
            }
        }

        _deadlines.Set(_expiryCheck, nowMs + _options.OffsetsRetentionCheckIntervalMs);
        IsLoaded = true;
    }

    /// <summary>A record that this machine led to, once it is in the log.</summary>
    public void Replay(in CoordinatorRecord record) => Replay(record.Key, record.Value, hasValue: record.Value is not null);

    /// <summary>A record of the log. Keys that are not known, such as those of newer kinds of groups, are passed over.</summary>
    /// <param name="hasValue">False for a tombstone.</param>
    /// <exception cref="MalformedMessageException">A record of a known kind that cannot be read.</exception>
    public void Replay(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, bool hasValue)
    {
        switch (GroupRecords.KindOf(key.Span))
        {
            case GroupRecordKind.Offset:
                ReplayOffset(key, value, hasValue);
                break;
            case GroupRecordKind.Group:
                ReplayGroup(GroupRecords.ReadMetadataKey(key), value, hasValue);
                break;
            case GroupRecordKind.Unknown:
            default:
                break;
        }
    }

    /// <summary>Does what has become due: sessions, barriers, expiry.</summary>
    public CoordinatorResult Tick(long nowMs)
    {
        var result = new CoordinatorResult();
        while (_deadlines.TakeDue(nowMs) is { } due)
        {
            switch (due.Kind)
            {
                case DeadlineKind.Session:
                    _sessions.Expire(due.Group!, due.MemberId, nowMs, result);
                    break;
                case DeadlineKind.Join:
                    _joins.Expire(due.Group!, nowMs, result);
                    break;
                case DeadlineKind.Sync:
                    _syncs.Expire(due.Group!, nowMs, result);
                    break;
                case DeadlineKind.Expiry:
                    _expiry.Expire(nowMs, result);
                    _deadlines.Set(_expiryCheck, nowMs + _options.OffsetsRetentionCheckIntervalMs);
                    break;
                default:
                    throw new InvalidOperationException($"a deadline of kind {due.Kind}");
            }
        }

        return result;
    }

    /// <param name="memberUuid">Random: part of the member id, if the request leads to a new one.</param>
    public CoordinatorResult JoinGroup(JoinGroupRequest request, GroupCaller caller, ReplyToken token, Guid memberUuid, long nowMs)
    {
        var result = new CoordinatorResult();
        _admission.Join(new JoinAttempt
        {
            Request = request,
            Caller = caller,
            Token = token,
            Protocols = [.. request.Protocols.DistinctBy(protocol => protocol.Name).Select(protocol => new MemberProtocol(protocol.Name, protocol.Metadata.ToArray()))],
            MemberUuid = memberUuid,
            NowMs = nowMs,
            Result = result,
        });
        return result;
    }

    public CoordinatorResult SyncGroup(SyncGroupRequest request, GroupCaller caller, ReplyToken token, long nowMs)
    {
        var result = new CoordinatorResult();
        _syncs.Sync(request, caller, token, nowMs, result);
        return result;
    }

    /// <summary>Leads to no record and no reply to others, so its answer is all there is.</summary>
    public ErrorCode Heartbeat(HeartbeatRequest request, long nowMs) => _sessions.Heartbeat(request, nowMs);

    public CoordinatorResult LeaveGroup(LeaveGroupRequest request, GroupCaller caller, ReplyToken token, long nowMs)
    {
        var result = new CoordinatorResult();
        _sessions.Leave(request, caller, token, nowMs, result);
        return result;
    }

    /// <param name="request">With names of topics, also where the client sent ids.</param>
    public CoordinatorResult CommitOffsets(OffsetCommitRequest request, GroupCaller caller, ReplyToken token, long nowMs)
    {
        var result = new CoordinatorResult();
        _commits.Commit(request, caller, token, nowMs, result);
        return result;
    }

    public CoordinatorResult DeleteOffsets(OffsetDeleteRequest request, ReplyToken token)
    {
        var result = new CoordinatorResult();
        _commits.Delete(request, token, result);
        return result;
    }

    /// <summary>Removes the offsets that any group has in a topic that was deleted. The reply is <see cref="ErrorCode.None"/>.</summary>
    public CoordinatorResult DeleteTopicOffsets(string topic, ReplyToken token)
    {
        var result = new CoordinatorResult();
        _commits.DeleteTopic(topic, token, result);
        return result;
    }

    public CoordinatorResult DeleteGroups(string[] groupIds, ReplyToken token)
    {
        var result = new CoordinatorResult();
        _commits.DeleteGroups(groupIds, token, result);
        return result;
    }

    public DescribeGroupsResponse.DescribedGroup DescribeGroup(string groupId, GroupCaller caller) => _queries.Describe(groupId, caller);

    public IEnumerable<ListGroupsResponse.ListedGroup> ListGroups(string[] states, string[] types) => _queries.List(states, types);

    /// <param name="request">With names of topics, also where the client sent ids.</param>
    public OffsetFetchResponse.OffsetFetchResponseGroup FetchOffsets(OffsetFetchRequest.OffsetFetchRequestGroup request) => _queries.FetchOffsets(request);

    internal ClassicGroup? Find(string groupId) => _groups.Find(groupId);

    private void ReplayOffset(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, bool hasValue)
    {
        var (groupId, topic, partition) = GroupRecords.ReadOffsetKey(key);
        if (!hasValue)
        {
            _offsets.Remove(groupId, topic, partition);
            return;
        }

        _offsets.Set(groupId, topic, partition, GroupRecords.ReadOffset(value));
        if (IsLoaded)
        {
            AddOffsetsOnlyGroup(groupId);
        }
    }

    private void ReplayGroup(string groupId, ReadOnlyMemory<byte> value, bool hasValue)
    {
        if (!hasValue)
        {
            _groups.Remove(groupId)?.Retire();
            return;
        }

        var committed = GroupRecords.ReadMetadata(value);
        _groups.SetCommitted(groupId, committed);
        if (_groups.TryFind(groupId, out var group))
        {
            SyncBarrier.Replayed(group, committed);
        }
    }

    private void AddOffsetsOnlyGroup(string groupId)
    {
        if (_groups.Find(groupId) is null)
        {
            _groups.Add(new ClassicGroup(groupId));
        }
    }
}
