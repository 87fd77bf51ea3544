using System.Net;
using System.Net.Sockets;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Tests;

namespace OrleansBroker.Embedded.Tests.Cluster;

/// <summary>
/// A member of a group over the listeners of a cluster: finds the coordinator as clients do, asks it, and looks for another one where
/// it is told to or cannot reach it.
/// </summary>
internal sealed class ClusterMember(EmbeddedCluster cluster, string group)
{
    public string MemberId { get; private set; } = string.Empty;

    public int Generation { get; private set; } = -1;

    public byte[] Assignment { get; private set; } = [];

    /// <summary>The same member, where its cluster was started anew.</summary>
    public ClusterMember In(EmbeddedCluster successor) => new(successor, group) { MemberId = MemberId, Generation = Generation, Assignment = Assignment };

    /// <summary>The coordinator as a broker names it; null where it does not know one.</summary>
    public int? Find(int asked)
    {
        var found = Ask<FindCoordinatorRequest, FindCoordinatorResponse>(asked, new FindCoordinatorRequest { Key = group }, version: 3);
        return found?.ErrorCode switch
        {
            ErrorCode.None => found.NodeId,
            null or ErrorCode.CoordinatorNotAvailable => null,
            _ => throw new InvalidOperationException($"FindCoordinator answers {found.ErrorCode}"),
        };
    }

    /// <summary>Takes part in rebalances until there is what the test waits for.</summary>
    public async Task JoinUntilAsync(Func<bool> isDone)
    {
        await Task.Yield();
        for (var isMember = false; !isDone(); await Task.Delay(20))
        {
            isMember = isMember && Heartbeat() == ErrorCode.None;
            isMember = isMember || TryJoin();
        }
    }

    /// <summary>Joins, and waits until all have joined; false where another rebalance began meanwhile. The leader gives each member its own id.</summary>
    private bool TryJoin()
    {
        var joined = AskCoordinator<JoinGroupRequest, JoinGroupResponse>(
            new JoinGroupRequest
            {
                GroupId = group,
                MemberId = MemberId,
                SessionTimeoutMs = 10_000,
                RebalanceTimeoutMs = 20_000,
                ProtocolType = "consumer",
                Protocols = [new() { Name = "own", Metadata = new byte[] { 0, 0, 0, 0, 0, 0, 255, 255, 255, 255 } }],
            },
            version: 3, response => response.ErrorCode);
        Assert.Equal(ErrorCode.None, joined.ErrorCode);
        MemberId = joined.MemberId;
        var synced = AskCoordinator<SyncGroupRequest, SyncGroupResponse>(
            new SyncGroupRequest
            {
                GroupId = group,
                MemberId = MemberId,
                GenerationId = joined.GenerationId,
                Assignments = [.. joined.Members.Select(member => new SyncGroupRequest.SyncGroupRequestAssignment { MemberId = member.MemberId, Assignment = System.Text.Encoding.UTF8.GetBytes(member.MemberId) })],
            },
            version: 2, response => response.ErrorCode);
        if (synced.ErrorCode == ErrorCode.RebalanceInProgress)
        {
            return false;
        }

        Assert.Equal(ErrorCode.None, synced.ErrorCode);
        Assignment = synced.Assignment.ToArray();
        Generation = joined.GenerationId;
        return true;
    }

    public ErrorCode Heartbeat() => AskCoordinator<HeartbeatRequest, HeartbeatResponse>(
        new HeartbeatRequest { GroupId = group, MemberId = MemberId, GenerationId = Generation }, version: 2, response => response.ErrorCode).ErrorCode;

    public ErrorCode Commit(string topic, long offset) => AskCoordinator<OffsetCommitRequest, OffsetCommitResponse>(
        CommitRequest(topic, offset), version: 6, response => response.Topics[0].Partitions[0].ErrorCode).Topics[0].Partitions[0].ErrorCode;

    /// <summary>Commits at one broker, whatever it is; null where it does not answer.</summary>
    public ErrorCode? CommitAt(int broker, string topic, long offset) =>
        Ask<OffsetCommitRequest, OffsetCommitResponse>(broker, CommitRequest(topic, offset), version: 6)?.Topics[0].Partitions[0].ErrorCode;

    public long Committed(string topic)
    {
        var fetched = AskCoordinator<OffsetFetchRequest, OffsetFetchResponse>(
            new OffsetFetchRequest { GroupId = group, Topics = [new() { Name = topic, PartitionIndexes = [0] }] }, version: 5, response => response.ErrorCode);
        return fetched.Topics[0].Partitions[0].CommittedOffset;
    }

    private OffsetCommitRequest CommitRequest(string topic, long offset) => new()
    {
        GroupId = group,
        MemberId = MemberId,
        GenerationIdOrMemberEpoch = Generation,
        Topics = [new() { Name = topic, Partitions = [new() { PartitionIndex = 0, CommittedOffset = offset }] }],
    };

    /// <summary>Asks until there is an answer of the coordinator, as clients do.</summary>
    private TResponse AskCoordinator<TRequest, TResponse>(TRequest request, short version, Func<TResponse, ErrorCode> errorOf)
        where TRequest : IRequest<TResponse>
        where TResponse : class, IWireStruct, new()
    {
        var begun = TimeProvider.System.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            var response = Find(attempt % cluster.Brokers.Count) is { } coordinator ? Ask<TRequest, TResponse>(coordinator, request, version) : null;
            if (response is not null && errorOf(response) is not (ErrorCode.NotCoordinator or ErrorCode.CoordinatorNotAvailable or ErrorCode.CoordinatorLoadInProgress))
            {
                return response;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(60), $"no coordinator answered {typeof(TRequest).Name} within a minute");
            Thread.Sleep(20);
        }
    }

    /// <summary>Null where the broker cannot be reached or goes away.</summary>
    private TResponse? Ask<TRequest, TResponse>(int broker, TRequest request, short version)
        where TRequest : IRequest<TResponse>
        where TResponse : class, IWireStruct, new()
    {
        try
        {
            using var client = new TestClient(IPEndPoint.Parse(cluster.Brokers[broker].Endpoint));
            return client.Call<TRequest, TResponse>(request, version);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return null;
        }
    }
}
