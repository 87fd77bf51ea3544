using System.Buffers.Binary;
using System.Text;
using OrleansBroker.Core.Groups;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Tests.Groups;

/// <summary>
/// A shard with a log that is a list and a clock that the test moves: results are replayed at once, replies are kept by token.
/// Group, protocol and client are the same throughout unless a test says otherwise.
/// </summary>
internal sealed class GroupMachine
{
    public const string Group = "orders";
    public const int SessionTimeoutMs = 10_000;
    public const int RebalanceTimeoutMs = 60_000;

    private readonly GroupOptions _options;
    private long _lastToken;
    private int _lastUuid;

    public GroupMachine(GroupOptions? options = null)
    {
        _options = options ?? new GroupOptions();
        Shard = new GroupShard(_options);
        Shard.Loaded(NowMs);
    }

    public GroupShard Shard { get; private set; }

    public List<CoordinatorRecord> Log { get; } = [];

    public Dictionary<ReplyToken, object> Replies { get; } = [];

    public long NowMs { get; private set; } = 1_000_000;

    public GroupState State => Shard.Find(Group)?.State ?? GroupState.Dead;

    public int Generation => Shard.Find(Group)!.Generation;

    public ReplyToken NewToken() => new(++_lastToken);

    /// <summary>Commits what was decided and keeps the replies.</summary>
    public CoordinatorResult Apply(CoordinatorResult result)
    {
        foreach (var record in result.Records)
        {
            Log.Add(record);
            Shard.Replay(record);
        }

        foreach (var reply in result.Replies)
        {
            Assert.True(Replies.TryAdd(reply.Token, reply.Response), $"request {reply.Token.Value} was answered twice");
        }

        return result;
    }

    /// <summary>Time passes; every deadline on the way is met when it is due.</summary>
    public void Pass(long ms)
    {
        var endMs = NowMs + ms;
        while (Shard.NextDeadlineMs <= endMs)
        {
            NowMs = Math.Max(NowMs, Shard.NextDeadlineMs);
            Apply(Shard.Tick(NowMs));
        }

        NowMs = endMs;
    }

    /// <summary>The machine is lost; another one replays the log.</summary>
    public void Reload()
    {
        Shard = Replayed();
        Shard.Loaded(NowMs);
    }

    public GroupShard Replayed()
    {
        var shard = new GroupShard(_options);
        foreach (var record in Log)
        {
            shard.Replay(record);
        }

        return shard;
    }

    public ReplyToken Join(string memberId = "", string? instanceId = null, short version = 9, string topic = "t", string[]? protocols = null,
        string protocolType = "consumer", int rebalanceTimeoutMs = RebalanceTimeoutMs, int sessionTimeoutMs = SessionTimeoutMs, string group = Group, string clientId = "client")
    {
        var token = NewToken();
        Apply(Shard.JoinGroup(
            new JoinGroupRequest
            {
                GroupId = group,
                MemberId = memberId,
                GroupInstanceId = instanceId,
                ProtocolType = protocolType,
                SessionTimeoutMs = sessionTimeoutMs,
                RebalanceTimeoutMs = rebalanceTimeoutMs,
                Protocols = [.. (protocols ?? ["range"]).Select(name => new JoinGroupRequest.JoinGroupRequestProtocol { Name = name, Metadata = Subscribe(topic) })],
            },
            new GroupCaller(clientId, "/10.0.0.1", version), token, NewUuid(), NowMs));
        return token;
    }

    /// <summary>Joins as new clients do: is given an id, and comes back with it.</summary>
    public (string MemberId, ReplyToken Token) JoinNew(string topic = "t", int rebalanceTimeoutMs = RebalanceTimeoutMs, string[]? protocols = null)
    {
        var memberId = Joined(Join(topic: topic, protocols: protocols)).MemberId;
        return (memberId, Join(memberId, topic: topic, rebalanceTimeoutMs: rebalanceTimeoutMs, protocols: protocols));
    }

    public ReplyToken Sync(string memberId, int generation, Dictionary<string, string>? assignments = null, string? instanceId = null, short version = 5, string? protocolName = "range", string? protocolType = "consumer")
    {
        var token = NewToken();
        Apply(Shard.SyncGroup(
            new SyncGroupRequest
            {
                GroupId = Group,
                MemberId = memberId,
                GroupInstanceId = instanceId,
                GenerationId = generation,
                ProtocolType = protocolType,
                ProtocolName = protocolName,
                Assignments = [.. (assignments ?? []).Select(each => new SyncGroupRequest.SyncGroupRequestAssignment { MemberId = each.Key, Assignment = Encoding.UTF8.GetBytes(each.Value) })],
            },
            new GroupCaller("client", "/10.0.0.1", version), token, NowMs));
        return token;
    }

    public Protocol.ErrorCode Heartbeat(string memberId, int generation, string? instanceId = null) =>
        Shard.Heartbeat(new HeartbeatRequest { GroupId = Group, MemberId = memberId, GenerationId = generation, GroupInstanceId = instanceId }, NowMs);

    public LeaveGroupResponse Leave(params (string MemberId, string? InstanceId)[] members)
    {
        var token = NewToken();
        Apply(Shard.LeaveGroup(
            new LeaveGroupRequest { GroupId = Group, Members = [.. members.Select(each => new LeaveGroupRequest.MemberIdentity { MemberId = each.MemberId, GroupInstanceId = each.InstanceId })] },
            new GroupCaller("client", "/10.0.0.1", 5), token, NowMs));
        return (LeaveGroupResponse)Replies[token];
    }

    public Protocol.ErrorCode Commit(long offset, string memberId = "", int generation = -1, string? instanceId = null, string topic = "t", int partition = 0,
        string? metadata = null, short version = 9, long retentionMs = -1, string group = Group)
    {
        var token = NewToken();
        Apply(Shard.CommitOffsets(CommitRequest(offset, memberId, generation, instanceId, topic, partition, metadata, retentionMs, group), new GroupCaller("client", "/10.0.0.1", version), token, NowMs));
        return ((OffsetCommitResponse)Replies[token]).Topics[0].Partitions[0].ErrorCode;
    }

    public static OffsetCommitRequest CommitRequest(long offset, string memberId = "", int generation = -1, string? instanceId = null, string topic = "t", int partition = 0,
        string? metadata = null, long retentionMs = -1, string group = Group) => new()
    {
        GroupId = group,
        MemberId = memberId,
        GroupInstanceId = instanceId,
        GenerationIdOrMemberEpoch = generation,
        RetentionTimeMs = retentionMs,
        Topics =
        [
            new OffsetCommitRequest.OffsetCommitRequestTopic
            {
                Name = topic,
                Partitions = [new OffsetCommitRequest.OffsetCommitRequestPartition { PartitionIndex = partition, CommittedOffset = offset, CommittedLeaderEpoch = 3, CommittedMetadata = metadata }],
            },
        ],
    };

    public OffsetFetchResponse.OffsetFetchResponsePartitions Fetch(string topic = "t", int partition = 0, string group = Group) =>
        Shard.FetchOffsets(new OffsetFetchRequest.OffsetFetchRequestGroup
        {
            GroupId = group,
            Topics = [new OffsetFetchRequest.OffsetFetchRequestTopics { Name = topic, PartitionIndexes = [partition] }],
        }).Topics[0].Partitions[0];

    public JoinGroupResponse Joined(ReplyToken token) => (JoinGroupResponse)Replies[token];

    public SyncGroupResponse Synced(ReplyToken token) => (SyncGroupResponse)Replies[token];

    public bool IsWaiting(ReplyToken token) => !Replies.ContainsKey(token);

    /// <summary>A stable group of so many members; the first is the leader.</summary>
    public string[] Stable(int members, string topic = "t")
    {
        var joins = Enumerable.Range(0, members).Select(_ => JoinNew(topic)).ToArray();
        while (IsWaiting(joins[0].Token))
        {
            Pass(1_000);
        }

        var leader = Joined(joins[0].Token);
        Sync(leader.MemberId, leader.GenerationId, joins.ToDictionary(join => join.MemberId, join => "for " + join.MemberId));
        foreach (var join in joins.Skip(1))
        {
            Sync(join.MemberId, leader.GenerationId);
        }

        Assert.Equal(GroupState.Stable, State);
        return [.. joins.Select(join => join.MemberId)];
    }

    /// <summary>A consumer's subscription to one topic.</summary>
    public static byte[] Subscribe(string topic)
    {
        var bytes = new byte[2 + 4 + 2 + topic.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(2), 1);
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(6), (short)topic.Length);
        Encoding.UTF8.GetBytes(topic, bytes.AsSpan(8));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8 + topic.Length), -1);
        return bytes;
    }

    public static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    /// <summary>What the log of a shard comes to, in words that can be compared.</summary>
    public static string Durable(GroupShard shard)
    {
        var text = new StringBuilder();
        foreach (var (groupId, group) in shard.CommittedGroups.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            text.Append(groupId).Append(": ").Append(group with { Members = [] }).AppendLine();
            foreach (var member in group.Members.OrderBy(each => each.MemberId, StringComparer.Ordinal))
            {
                text.Append("  ").Append(member).Append(Convert.ToHexString(member.Metadata)).Append(Convert.ToHexString(member.Assignment)).AppendLine();
            }
        }

        foreach (var groupId in shard.Offsets.GroupIds.Order(StringComparer.Ordinal))
        {
            Assert.True(shard.Offsets.TryFind(groupId, out var topics));
            foreach (var (topic, partitions) in topics.OrderBy(each => each.Key, StringComparer.Ordinal))
            {
                foreach (var (partition, offset) in partitions.OrderBy(each => each.Key))
                {
                    text.Append(groupId).Append(' ').Append(topic).Append('-').Append(partition).Append(": ").Append(offset).AppendLine();
                }
            }
        }

        return text.ToString();
    }

    private Guid NewUuid() => new(++_lastUuid, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
