using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Simulator.Clients;
using OrleansBroker.Simulator.Invariants;

namespace OrleansBroker.Simulator.Workloads;

/// <summary>
/// A consumer in a group: joins, is assigned partitions, reads them from where the group is, commits, and joins again when the
/// coordinator asks for it. Now and then it leaves, falls silent for longer than its session, or commits for a generation that is over.
/// </summary>
internal sealed class GroupMember(ClusterClient client, Ledger ledger, GroupLedger groups, string group, string topic, string name)
{
    private const int SessionMs = 6_000;
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(30);

    private readonly SortedDictionary<int, PartitionReader> _readers = [];
    private string _member = string.Empty;
    private int _generation = -1;
    private int _coordinator = -1;
    private int _commits;
    private TimeSpan _heartbeat;

    public bool IsStopped { get; private set; }

    /// <summary>Commits that were acknowledged since the beginning.</summary>
    public int Committed { get; private set; }

    /// <summary>Whether the member does nothing strange any more.</summary>
    public bool IsCalm { get; set; }

    /// <summary>Records read so far.</summary>
    public int Read { get; private set; }

    public void Stop() => IsStopped = true;

    public async Task RunAsync()
    {
        while (!IsStopped)
        {
            try
            {
                if (await HasCoordinatorAsync() && await JoinAsync() && await BeginReadingAsync())
                {
                    await ConsumeAsync();
                }
                else
                {
                    await client.BackOff();
                }
            }
            catch (IOException)
            {
                _coordinator = -1;
                await client.BackOff();
            }
        }
    }

    private async Task<bool> HasCoordinatorAsync()
    {
        if (_coordinator >= 0)
        {
            return true;
        }

        var response = await client.CallAsync<FindCoordinatorRequest, FindCoordinatorResponse>(
            client.AnyBroker(), new FindCoordinatorRequest { CoordinatorKeys = [group] }, 4);
        var answer = response.Coordinators[0];
        _coordinator = answer.ErrorCode == ErrorCode.None ? answer.NodeId : -1;
        return _coordinator >= 0;
    }

    private async Task<bool> JoinAsync()
    {
        var response = await client.CallAsync<JoinGroupRequest, JoinGroupResponse>(
            _coordinator,
            new JoinGroupRequest
            {
                GroupId = group,
                SessionTimeoutMs = SessionMs,
                RebalanceTimeoutMs = 10_000,
                MemberId = _member,
                ProtocolType = "consumer",
                Protocols = [new() { Name = "range", Metadata = Subscription(topic) }],
            },
            7,
            JoinPatience);
        if (response.ErrorCode == ErrorCode.MemberIdRequired)
        {
            _member = response.MemberId;
            return false;
        }

        if (!Note(response.ErrorCode))
        {
            return false;
        }

        _member = response.MemberId;
        _generation = response.GenerationId;
        var partitions = await client.PartitionsAsync(topic);
        return await SyncAsync(response.Leader == _member ? Assign(response, partitions) : []);
    }

    private async Task<bool> SyncAsync(SyncGroupRequest.SyncGroupRequestAssignment[] assignments)
    {
        var response = await client.CallAsync<SyncGroupRequest, SyncGroupResponse>(
            _coordinator,
            new SyncGroupRequest { GroupId = group, GenerationId = _generation, MemberId = _member, ProtocolType = "consumer", ProtocolName = "range", Assignments = assignments },
            5,
            JoinPatience);
        if (!Note(response.ErrorCode))
        {
            return false;
        }

        _readers.Clear();
        foreach (var partition in Encoding.UTF8.GetString(response.Assignment.Span).Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var index = int.Parse(partition, CultureInfo.InvariantCulture);
            _readers[index] = new PartitionReader(client, ledger, new TopicPartition(topic, index));
        }

        groups.Assigned(group, _generation, _member, _readers.Keys.Select(index => new TopicPartition(topic, index)));
        _heartbeat = client.World.Now;
        client.Process.Note($"{group} generation {_generation} as {_member}: [{string.Join(',', _readers.Keys)}]");
        return true;
    }

    /// <summary>Goes on where the group is. False where that cannot be told now.</summary>
    private async Task<bool> BeginReadingAsync()
    {
        if (_readers.Count == 0)
        {
            return true;
        }

        var asked = client.World.NowTicks;
        var response = await client.CallAsync<OffsetFetchRequest, OffsetFetchResponse>(
            _coordinator,
            new OffsetFetchRequest { Groups = [new() { GroupId = group, Topics = [new() { Name = topic, PartitionIndexes = [.. _readers.Keys] }] }], RequireStable = true },
            8);
        var answer = response.Groups[0];
        if (!Note(answer.ErrorCode))
        {
            return false;
        }

        foreach (var partition in answer.Topics[0].Partitions)
        {
            if (partition.ErrorCode != ErrorCode.None)
            {
                return false;
            }

            var hasOffset = partition.CommittedOffset >= 0;
            groups.Fetched(group, new TopicPartition(topic, partition.PartitionIndex), asked, hasOffset ? partition.Metadata : null, partition.CommittedOffset);
            _readers[partition.PartitionIndex].Position = hasOffset ? partition.CommittedOffset : -1;
        }

        return true;
    }

    /// <summary>Reads, commits and heartbeats until the generation is over.</summary>
    private async Task ConsumeAsync()
    {
        while (!IsStopped)
        {
            foreach (var reader in _readers.Values)
            {
                Read += await reader.BeginAsync() ? Math.Max(0, await reader.PollAsync(client.Chance.Between(0, 100))) : 0;
            }

            await client.Delay(client.Chance.Between(10, 200));
            if (!IsCalm && await MisbehaveAsync())
            {
                return;
            }

            if (client.Chance.Happens(0.3) && !await CommitAsync(_generation))
            {
                return;
            }

            if (client.World.Now - _heartbeat > TimeSpan.FromSeconds(1) && !await HeartbeatAsync())
            {
                return;
            }
        }
    }

    private async Task<bool> HeartbeatAsync()
    {
        var response = await client.CallAsync<HeartbeatRequest, HeartbeatResponse>(
            _coordinator, new HeartbeatRequest { GroupId = group, GenerationId = _generation, MemberId = _member }, 4);
        _heartbeat = client.World.Now;
        return Note(response.ErrorCode);
    }

    private async Task<bool> CommitAsync(int generation)
    {
        var known = _readers.Where(reader => reader.Value.Position >= 0).ToArray();
        if (known.Length == 0)
        {
            return true;
        }

        var mark = string.Create(CultureInfo.InvariantCulture, $"{name}-{_commits++}");
        var begun = known.ToDictionary(
            reader => reader.Key, reader => groups.Begin(group, generation, _member, new TopicPartition(topic, reader.Key), reader.Value.Position, mark));
        var response = await client.CallAsync<OffsetCommitRequest, OffsetCommitResponse>(
            _coordinator,
            new OffsetCommitRequest
            {
                GroupId = group,
                GenerationIdOrMemberEpoch = generation,
                MemberId = _member,
                Topics = [new() { Name = topic, Partitions = [.. known.Select(reader => new OffsetCommitRequest.OffsetCommitRequestPartition { PartitionIndex = reader.Key, CommittedOffset = reader.Value.Position, CommittedMetadata = mark })] }],
            },
            8);
        var isGood = true;
        foreach (var partition in response.Topics[0].Partitions)
        {
            if (partition.ErrorCode == ErrorCode.None)
            {
                groups.Acknowledge(group, new TopicPartition(topic, partition.PartitionIndex), begun[partition.PartitionIndex]);
                Committed++;
            }
            else
            {
                isGood &= Note(partition.ErrorCode);
            }
        }

        return isGood;
    }

    /// <summary>Whether the member has given its generation up.</summary>
    private async Task<bool> MisbehaveAsync()
    {
        var chance = client.Chance.Random.NextDouble();
        if (chance < 0.004)
        {
            await client.CallAsync<LeaveGroupRequest, LeaveGroupResponse>(
                _coordinator, new LeaveGroupRequest { GroupId = group, Members = [new() { MemberId = _member }] }, 4);
            _member = string.Empty;
            return true;
        }

        if (chance < 0.008)
        {
            await client.Delay(SessionMs + client.Chance.Between(0, 6_000));
        }
        else if (chance < 0.02 && _generation > 1)
        {
            await CommitAsync(_generation - 1);
        }
        else if (chance < 0.03)
        {
            // A rebalance that only this member wants.
            return true;
        }

        return false;
    }

    /// <summary>Whether the member may go on; otherwise what it has to do first is noted.</summary>
    private bool Note(ErrorCode error)
    {
        if (error is ErrorCode.NotCoordinator or ErrorCode.CoordinatorNotAvailable or ErrorCode.CoordinatorLoadInProgress or ErrorCode.NetworkException)
        {
            _coordinator = -1;
        }
        else if (error is ErrorCode.UnknownMemberId or ErrorCode.FencedInstanceId)
        {
            _member = string.Empty;
        }

        return error == ErrorCode.None;
    }

    private SyncGroupRequest.SyncGroupRequestAssignment[] Assign(JoinGroupResponse joined, int partitions)
    {
        var members = joined.Members.Select(member => member.MemberId).Order(StringComparer.Ordinal).ToArray();
        return
        [
            .. members.Select((member, index) => new SyncGroupRequest.SyncGroupRequestAssignment
            {
                MemberId = member,
                Assignment = Encoding.UTF8.GetBytes(string.Join(',', Enumerable.Range(0, partitions).Where(partition => partition % members.Length == index))),
            }),
        ];
    }

    /// <summary>The consumer protocol's subscription, version 0.</summary>
    private static byte[] Subscription(string topic)
    {
        var bytes = new byte[2 + 4 + 2 + topic.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(2), 1);
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(6), (short)topic.Length);
        Encoding.ASCII.GetBytes(topic, bytes.AsSpan(8));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8 + topic.Length), -1);
        return bytes;
    }
}
