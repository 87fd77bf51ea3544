using System.Diagnostics;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Benchmarks;

/// <summary>A member of a group, over a connection of its own: joins, takes what it is given, and sends heartbeats.</summary>
internal sealed class GroupLoadMember(string host, int port, string group, GroupLoad load)
{
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private string _memberId = string.Empty;
    private bool _isSettled;

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await using var coordinator = await FindAsync(cancellation);
                while (await JoinAsync(coordinator, cancellation) is var generation)
                {
                    await StayAsync(coordinator, generation, cancellation);
                    Unsettle();
                }
            }
            catch (IOException)
            {
                Unsettle();
                await Task.Delay(Pause, CancellationToken.None);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task<IBrokerConnection> FindAsync(CancellationToken cancellation)
    {
        await using var first = await ConnectAsync(0, host, port, cancellation);
        var found = await first.SendAsync<FindCoordinatorRequest, FindCoordinatorResponse>(new FindCoordinatorRequest { Key = group }, 3, cancellation);
        ThrowOn(found.ErrorCode);
        return await ConnectAsync(found.NodeId, found.Host, found.Port, cancellation);
    }

    private static async Task<IBrokerConnection> ConnectAsync(int id, string host, int port, CancellationToken cancellation)
    {
        var registration = new BrokerRegistration(new BrokerId(id), Epoch: 0, DataEpoch: 0, Guid.Empty, host, port, Rack: null);
        return await new BrokerConnector(new FixedMembership(new ClusterView(0, [registration])), "group-load").ConnectAsync(registration.Id, cancellation);
    }

    /// <returns>The generation that the member is in, with its assignment.</returns>
    private async Task<int> JoinAsync(IBrokerConnection coordinator, CancellationToken cancellation)
    {
        while (true)
        {
            var joined = await coordinator.SendAsync<JoinGroupRequest, JoinGroupResponse>(
                new JoinGroupRequest
                {
                    GroupId = group, SessionTimeoutMs = 45_000, RebalanceTimeoutMs = 60_000, MemberId = _memberId, ProtocolType = "consumer",
                    Protocols = [new JoinGroupRequest.JoinGroupRequestProtocol { Name = "range" }],
                },
                7,
                cancellation);
            _memberId = joined.ErrorCode == ErrorCode.UnknownMemberId ? string.Empty : joined.MemberId;
            if (joined.ErrorCode is ErrorCode.MemberIdRequired or ErrorCode.UnknownMemberId)
            {
                continue;
            }

            ThrowOn(joined.ErrorCode);
            var synced = await coordinator.SendAsync<SyncGroupRequest, SyncGroupResponse>(
                new SyncGroupRequest
                {
                    GroupId = group, GenerationId = joined.GenerationId, MemberId = _memberId, ProtocolType = "consumer", ProtocolName = "range",
                    Assignments = Array.ConvertAll(joined.Members, member => new SyncGroupRequest.SyncGroupRequestAssignment { MemberId = member.MemberId, Assignment = new byte[64] }),
                },
                5,
                cancellation);
            if (synced.ErrorCode == ErrorCode.RebalanceInProgress)
            {
                continue;
            }

            ThrowOn(synced.ErrorCode);
            _isSettled = true;
            load.Settled();
            return joined.GenerationId;
        }
    }

    /// <summary>Returns when the member has to join again.</summary>
    private async Task StayAsync(IBrokerConnection coordinator, int generation, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(HeartbeatInterval);
        while (true)
        {
            await timer.WaitForNextTickAsync(cancellation);
            var began = Stopwatch.GetTimestamp();
            var alive = await coordinator.SendAsync<HeartbeatRequest, HeartbeatResponse>(new HeartbeatRequest { GroupId = group, GenerationId = generation, MemberId = _memberId }, 4, cancellation);
            load.HeartbeatTook(Stopwatch.GetElapsedTime(began));
            if (alive.ErrorCode is ErrorCode.RebalanceInProgress or ErrorCode.IllegalGeneration or ErrorCode.UnknownMemberId)
            {
                return;
            }

            ThrowOn(alive.ErrorCode);
        }
    }

    private void Unsettle()
    {
        load.Disturbed(_isSettled);
        _isSettled = false;
    }

    private static void ThrowOn(ErrorCode error)
    {
        if (error != ErrorCode.None)
        {
            throw new IOException(error.ToString());
        }
    }
}
