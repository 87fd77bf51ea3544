using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Replication.Fetching;

/// <summary>
/// Ends the long poll of a fetcher that a partition joins: it would be half a second until the partition is fetched. The leader ends
/// the long poll of a session when another request names that session, as its client would hardly ask twice at once. So that is
/// done, over another connection, with an epoch that no session ever has: the session itself does not notice.
/// </summary>
internal sealed class LongPollEnding(ReplicaServices services, BrokerId leader, FollowerInbox inbox, CancellationToken stopping)
{
    /// <summary>Neither a request's in a session nor one of those that open or close one.</summary>
    private const int NoEpoch = -2;

    private const short FetchVersion = 17;

    /// <summary>The two connections are not in step: the long poll may come after the request that is to end it.</summary>
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromMilliseconds(10);

    private volatile int _pollingSession;
    private int _isRunning;

    /// <summary>The ending that goes on, or the last one.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    private bool IsDue => _pollingSession != 0 && inbox.HasJoining && !stopping.IsCancellationRequested;

    /// <summary>A request is about to be sent; false where a partition has joined that it would not name.</summary>
    public bool TryBeginPoll(FollowerSession session)
    {
        _pollingSession = session.IsNew ? 0 : session.Id;
        Interlocked.MemoryBarrier();
        if (!inbox.HasJoining)
        {
            return true;
        }

        _pollingSession = 0;
        return false;
    }

    /// <summary>The response is there.</summary>
    public void EndPoll() => _pollingSession = 0;

    /// <summary>A partition has joined.</summary>
    public void Begin()
    {
        Interlocked.MemoryBarrier();
        if (IsDue && Interlocked.Exchange(ref _isRunning, 1) == 0)
        {
            Running = RunAsync();
        }
    }

    private async Task RunAsync()
    {
        await Task.Yield();
        var isDone = false;
        try
        {
            await EndAsync();
            isDone = true;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or MalformedMessageException)
        {
            // The long poll ends by itself, or its connection does.
        }

        Volatile.Write(ref _isRunning, 0);
        if (isDone)
        {
            // A partition that joined in the last moment found this one still running.
            Begin();
        }
    }

    private async Task EndAsync()
    {
        await using var connection = await services.Connector.ConnectAsync(leader, stopping);
        while (IsDue)
        {
            await connection.SendAsync<FetchRequest, FetchResponse>(Request(), FetchVersion, stopping);
            if (IsDue)
            {
                await Task.Delay(RepeatAfter, services.Clock, stopping);
            }
        }
    }

    private FetchRequest Request() => new()
    {
        ReplicaState = new FetchRequest.FetchReplicaState { ReplicaId = services.Self.Id.Value, ReplicaEpoch = services.Self.Epoch },
        SessionId = _pollingSession,
        SessionEpoch = NoEpoch,
    };
}
