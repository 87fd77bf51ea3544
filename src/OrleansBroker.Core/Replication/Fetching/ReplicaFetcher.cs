using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Replication.Fetching;

/// <summary>
/// Fetches from one leader, over one connection and one request after the other, all partitions that follow it. A single flow that
/// never ends: what others want of it waits in an inbox.
/// <code>
///            Join                     response              flush is done, or is not due
///  (inbox) --------> in the session ----------> appended --------------------------------> in the session
///                         ^                        | error
///                         '------ delayed &lt;--------'
/// </code>
/// The response is applied where it arrives: on the thread that polls the socket. Its file operations other than appends are done
/// elsewhere, and neither they nor a slow flush or a bad partition hold up the others for long.
/// </summary>
internal sealed class ReplicaFetcher
{
    private const short FetchVersion = 17;

    private readonly ReplicaServices _services;
    private readonly ILogger _logger;
    private readonly CancellationToken _stopping;
    private readonly FollowerInbox _inbox;
    private readonly LongPollEnding _ending;
    private readonly FollowerSession _session = new();
    private readonly DelayedPartitions _delayed;
    private readonly FetchedResponse _response;
    private LeaderConnection? _connection;
    private int _failures;

    public ReplicaFetcher(ReplicaServices services, BrokerId leader, CancellationToken stopping)
    {
        _services = services;
        _logger = services.Loggers.CreateLogger<ReplicaFetcher>();
        _stopping = stopping;
        Leader = leader;
        _inbox = new FollowerInbox(services.Clock);
        _ending = new LongPollEnding(services, leader, _inbox, stopping);
        _delayed = new DelayedPartitions(services.Clock);
        _response = new FetchedResponse(services, leader, _session, _delayed, _inbox, _logger);
    }

    public BrokerId Leader { get; }

    /// <summary>Completes some time after the fetcher was told to stop.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    public void Start() => Running = RunAsync();

    public void Join(FollowedPartition followed)
    {
        _inbox.Join(followed);
        _ending.Begin();
    }

    public void Leave(FollowedPartition followed)
    {
        followed.Leave();
        _inbox.Leave(followed);
    }

    /// <summary>There is news of the partition that it follows already: where a failure delayed it, it is tried again at once.</summary>
    public void Retry(FollowedPartition followed)
    {
        if (followed.IsDelayed)
        {
            Join(followed);
        }
    }

    private async Task RunAsync()
    {
        await Task.Yield();
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await TurnAsync();
                continue;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or MalformedMessageException)
            {
                ReplicationLog.LeaderUnreachable(_logger, Leader, e.Message);
            }
            catch (Exception e)
            {
                ReplicationLog.FetcherFailed(_logger, Leader, e);
            }

            await LoseConnectionAsync();
        }

        await DisconnectAsync();
        await _ending.Running;
    }

    private async ValueTask TurnAsync()
    {
        TakeInbox();
        while (_delayed.TakeDue() is { } due)
        {
            Fetch(due);
        }

        if (_session.IsEmpty)
        {
            await SleepAsync();
        }
        else
        {
            await FetchAsync();
        }
    }

    private void TakeInbox()
    {
        while (_inbox.TryTake(out var followed))
        {
            if (followed.IsLeft)
            {
                _session.Remove(followed);
            }
            else
            {
                followed.DueTimestamp = null;
                Fetch(followed);
            }
        }
    }

    private void Fetch(FollowedPartition followed)
    {
        if (followed.Partition.Log.IsFailed)
        {
            // What it holds is not known: the leader is to hear nothing of it, and drops it.
            _session.Remove(followed);
            _delayed.Add(followed, _services.Config.Current.ReplicaFetchBackoffMs);
        }
        else if (!_response.TryPause(followed))
        {
            _session.Add(followed);
        }
    }

    private async ValueTask SleepAsync()
    {
        _failures = 0;
        await DisconnectAsync();
        await _inbox.WaitAsync(_delayed.Left() ?? Timeout.InfiniteTimeSpan, _stopping);
    }

    private async ValueTask FetchAsync()
    {
        var config = _services.Config.Current;
        _connection ??= await LeaderConnection.OpenAsync(_services, Leader, _stopping);
        await _response.AwaitFlushesAsync();
        if (_session.IsEmpty || !_ending.TryBeginPoll(_session))
        {
            // Somebody joins: the request would not name it.
            return;
        }

        FetchResponse response;
        try
        {
            var request = Request(config);
            var fetching = _connection.SendAsync<FetchRequest, FetchResponse>(request, FetchVersion, request.MaxWaitMs);
            _response.NotifyCommitted();
            response = await fetching;
        }
        finally
        {
            _ending.EndPoll();
        }

        if (_session.Accept(response))
        {
            _failures = 0;
            await _response.ApplyAsync(response, _connection);
        }
        else if (++_failures > 1)
        {
            throw new IOException($"fetch sessions are refused: {response.ErrorCode}");
        }
    }

    private FetchRequest Request(BrokerConfig config)
    {
        var request = new FetchRequest
        {
            ReplicaState = new FetchRequest.FetchReplicaState { ReplicaId = _services.Self.Id.Value, ReplicaEpoch = _services.Self.Epoch },
            MaxWaitMs = WaitMs(config),
            MinBytes = config.ReplicaFetchMinBytes,
            MaxBytes = config.ReplicaFetchResponseMaxBytes,
        };
        _session.Describe(request, config.ReplicaFetchMaxBytes);
        return request;
    }

    /// <summary>The first request of a session is answered at once: a long poll without session could not be ended.</summary>
    private int WaitMs(BrokerConfig config)
    {
        if (_session.IsNew && !_session.IsRefused)
        {
            return 0;
        }

        return _delayed.Left() is { } left ? (int)Math.Min(config.ReplicaFetchWaitMaxMs, Math.Ceiling(left.TotalMilliseconds)) : config.ReplicaFetchWaitMaxMs;
    }

    private async ValueTask LoseConnectionAsync()
    {
        _failures++;
        await DisconnectAsync();
        try
        {
            await _inbox.WaitAsync(DelayedPartitions.After(_failures, _services.Config.Current.ReplicaFetchBackoffMs), _stopping);
        }
        catch (OperationCanceledException)
        {
            // The loop sees to it.
        }
    }

    private async ValueTask DisconnectAsync()
    {
        _response.NotifyCommitted();
        _session.Reset();
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }
}
