using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>
/// Hosts the machine of one partition of <c>__consumer_offsets</c>: inputs go one at a time through decide, append, replay, and
/// replies are sent when everything appended before them is committed. When an append fails the machine is discarded, all
/// who wait are told to look for the coordinator anew, and the log is replayed into another one.
/// <code>
/// Unloaded --> Loading --> Loaded --> (failed append, broken invariant) Unloaded
///                 |
///                 +--> (unreadable log) Unloaded, tried again after a while
/// </code>
/// </summary>
internal sealed class GroupShardHost(GroupHosting hosting, int index) : IDisposable
{
    /// <summary>How long after a load that failed the next is tried.</summary>
    private const long LoadAgainMs = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<ReplyToken, PendingReply> _pending = [];
    private GroupLog? _log;
    private GroupShard? _shard;
    private long _lastToken;
    private bool _isLoading;
    private long _loadNotBeforeMs;
    private bool _isClosed;
    private bool _isFailing;

    /// <summary>Gives an input to the machine and waits for its reply.</summary>
    /// <param name="refusal">The response that says an error of ours.</param>
    /// <param name="cancellation">Ends the wait and nothing else.</param>
    public ValueTask<TResponse> SubmitAsync<TResponse>(Func<GroupShard, ReplyToken, long, CoordinatorResult> input, Func<ErrorCode, TResponse> refusal, CancellationToken cancellation = default)
        where TResponse : class
    {
        var reply = new PendingReply<TResponse>(refusal);
        Partition? appended;
        lock (_gate)
        {
            var error = CheckLoaded();
            if (error != ErrorCode.None)
            {
                return new ValueTask<TResponse>(refusal(error));
            }

            var token = new ReplyToken(++_lastToken);
            _pending.Add(token, reply);
            Run((shard, nowMs) => input(shard, token, nowMs));
            RunWhatIsDue();
            appended = _log?.TakeAppended();
        }

        appended?.NotifyAppended();
        return reply.Task.IsCompletedSuccessfully ? new ValueTask<TResponse>(reply.Task.Result) : new ValueTask<TResponse>(reply.Task.WaitAsync(cancellation));
    }

    /// <summary>Asks the machine something; the answer is given when all that it may rest on is committed.</summary>
    public ValueTask<TResponse> ReadAsync<TResponse>(Func<GroupShard, TResponse> question, Func<ErrorCode, TResponse> refusal)
    {
        TResponse response;
        Task<ErrorCode>? outstanding;
        lock (_gate)
        {
            var error = CheckLoaded();
            if (error != ErrorCode.None)
            {
                return new ValueTask<TResponse>(refusal(error));
            }

            response = question(_shard!);
            outstanding = _log!.Outstanding();
        }

        return outstanding is null ? new ValueTask<TResponse>(response) : WhenCommittedAsync(outstanding);

        async ValueTask<TResponse> WhenCommittedAsync(Task<ErrorCode> committed)
        {
            var error = await committed;
            return error == ErrorCode.None ? response : refusal(GroupRefusals.ToClient(error));
        }
    }

    /// <summary>The most frequent input by far: no records, no replies to others, no closure.</summary>
    public ErrorCode Heartbeat(Protocol.Messages.HeartbeatRequest request)
    {
        lock (_gate)
        {
            var error = CheckLoaded();
            return error == ErrorCode.None ? _shard!.Heartbeat(request, hosting.Clock.NowMs) : error;
        }
    }

    /// <summary>Does what is due; returns when something is next.</summary>
    public long Tick()
    {
        Partition? appended;
        long nextMs;
        lock (_gate)
        {
            RunWhatIsDue();
            appended = _log?.TakeAppended();
            nextMs = _shard?.NextDeadlineMs ?? LoadAgain();
        }

        appended?.NotifyAppended();
        return nextMs;
    }

    /// <summary>Loads the machine, unless it is loaded or nothing is known of the partition.</summary>
    public void Load(CancellationToken cancellation)
    {
        Partition? partition;
        lock (_gate)
        {
            partition = _shard is null && !_isLoading && !_isClosed ? hosting.FindPartition(index) : null;
            _isLoading |= partition is not null;
        }

        if (partition is not null)
        {
            Load(partition, cancellation);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            Discard();
        }
    }

    private void Load(Partition partition, CancellationToken cancellation)
    {
        GroupLog? log = new(partition, hosting.Codec);
        GroupShard? shard = null;
        try
        {
            shard = new GroupShard(hosting.Options with { RecordBytesMax = log.RecordBytesMax });
            var startedMs = hosting.Clock.NowMs;
            GroupLog.Load(partition, shard, cancellation);
            GroupLogMessages.Loaded(hosting.Logger, partition.Name, hosting.Clock.NowMs - startedMs);
        }
        catch (OperationCanceledException)
        {
            shard = null;
        }
        catch (Exception e)
        {
            GroupLogMessages.LoadFailed(hosting.Logger, e, partition.Name);
            shard = null;
        }

        lock (_gate)
        {
            _isLoading = false;
            if (shard is null || _isClosed)
            {
                _loadNotBeforeMs = hosting.Clock.NowMs + LoadAgainMs;
                log.Dispose();
                return;
            }

            shard.Loaded(hosting.Clock.NowMs);
            _log = log;
            _shard = shard;
            hosting.Timer.RingAt(shard.NextDeadlineMs);
        }
    }

    /// <summary>None, or what a client is told while there is no machine. Starts loading one where none is.</summary>
    private ErrorCode CheckLoaded()
    {
        if (_shard is not null && _log is { Partition.IsClosed: false })
        {
            return ErrorCode.None;
        }

        if (_isClosed)
        {
            return ErrorCode.CoordinatorNotAvailable;
        }

        if (_isLoading)
        {
            return ErrorCode.CoordinatorLoadInProgress;
        }

        if (_shard is not null)
        {
            Discard();
        }

        if (hosting.FindPartition(index) is not { } partition)
        {
            return ErrorCode.NotCoordinator;
        }

        if (hosting.Clock.NowMs < _loadNotBeforeMs)
        {
            return ErrorCode.CoordinatorNotAvailable;
        }

        if (partition.Log.LogEndOffset == partition.Log.LogStartOffset)
        {
            Load(partition, CancellationToken.None);
            return _shard is null ? ErrorCode.CoordinatorNotAvailable : ErrorCode.None;
        }

        _isLoading = true;
        hosting.RunInBackground(cancellation => Load(partition, cancellation));
        return ErrorCode.CoordinatorLoadInProgress;
    }

    /// <summary>A machine that was discarded is loaded again also where nobody asks: sessions end and offsets expire on their own.</summary>
    private long LoadAgain()
    {
        if (_isClosed || hosting.FindPartition(index) is null)
        {
            return long.MaxValue;
        }

        CheckLoaded();
        return _shard?.NextDeadlineMs ?? hosting.Clock.NowMs + LoadAgainMs;
    }

    private void RunWhatIsDue()
    {
        var nowMs = hosting.Clock.NowMs;
        while (_shard is not null && _shard.NextDeadlineMs <= nowMs)
        {
            Run(static (shard, tickMs) => shard.Tick(tickMs));
        }

        if (_shard is not null)
        {
            hosting.Timer.RingAt(_shard.NextDeadlineMs);
        }
    }

    private void Run(Func<GroupShard, long, CoordinatorResult> input)
    {
        var nowMs = hosting.Clock.NowMs;
        try
        {
            var result = input(_shard!, nowMs);
            var error = _log!.Append(result.Records, _shard!, nowMs);
            if (error == ErrorCode.None)
            {
                _isFailing = false;
                Reply(result.Replies);
                return;
            }

            if (!_isFailing)
            {
                // Once, and not for each commit while a disk is full.
                GroupLogMessages.AppendFailed(hosting.Logger, _log.Partition.Name, error);
                _isFailing = true;
            }

            Refuse(result.Replies, GroupRefusals.ToClient(error));
            if (!result.IsRevocable)
            {
                Discard();
            }
        }
        catch (Exception e)
        {
            GroupLogMessages.MachineFailed(hosting.Logger, e, _log!.Partition.Name);
            Discard();
        }
    }

    private void Reply(IReadOnlyList<CoordinatorReply> replies)
    {
        if (replies.Count == 0)
        {
            return;
        }

        var outstanding = _log!.Outstanding();
        if (outstanding is null)
        {
            foreach (var reply in replies)
            {
                if (_pending.Remove(reply.Token, out var pending))
                {
                    pending.Answer(reply.Response);
                }
            }
        }
        else
        {
            _ = ReplyWhenCommittedAsync(outstanding, replies);
        }
    }

    private async Task ReplyWhenCommittedAsync(Task<ErrorCode> committed, IReadOnlyList<CoordinatorReply> replies)
    {
        // Taken out now, so that a machine that is discarded meanwhile does not answer for what is in the log.
        var pending = new List<(PendingReply Reply, object Response)>(replies.Count);
        foreach (var reply in replies)
        {
            if (_pending.Remove(reply.Token, out var waiting))
            {
                pending.Add((waiting, reply.Response));
            }
        }

        var error = await committed;
        foreach (var (reply, response) in pending)
        {
            if (error == ErrorCode.None)
            {
                reply.Answer(response);
            }
            else
            {
                reply.Refuse(GroupRefusals.ToClient(error));
            }
        }
    }

    private void Refuse(IReadOnlyList<CoordinatorReply> replies, ErrorCode error)
    {
        foreach (var reply in replies)
        {
            if (_pending.Remove(reply.Token, out var pending))
            {
                pending.Refuse(error);
            }
        }
    }

    /// <summary>The next request loads another machine, or the timer after a while.</summary>
    private void Discard()
    {
        if (_log is not null && !_isClosed)
        {
            hosting.Timer.RingAt(hosting.Clock.NowMs + LoadAgainMs);
        }

        _log?.Dispose();
        _log = null;
        _shard = null;
        foreach (var pending in _pending.Values)
        {
            pending.Refuse(ErrorCode.NotCoordinator);
        }

        _pending.Clear();
    }
}
