using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>
/// Hosts the machine of one partition of <c>__consumer_offsets</c> while this broker leads it: inputs go one at a time through
/// decide, append, replay, and replies are sent when everything they rest on is committed, what was loaded included.
/// <code>
/// Elsewhere --(begins to lead)--> Loading --> Loaded --(leads no more)--> Elsewhere
///                                  |    ^       |
///     (unreadable log) after a while    +-------+ (failed append, broken invariant, the append of another machine)
/// </code>
/// Whoever waits when the machine is thrown away is told to look for the coordinator anew. An append that succeeded is never
/// taken back while the leadership lasts, whether it is committed in time or not: so the machine stays what its log is.
/// </summary>
internal sealed class GroupShardHost(GroupHosting hosting, int index) : IDisposable
{
    /// <summary>How long after a load that failed the next is tried.</summary>
    private const long LoadAgainMs = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<ReplyToken, PendingReply> _pending = [];
    private readonly CommitWaits _commits = new(hosting.Options.CommitTimeoutMs);
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
        return reply.WaitAsync(cancellation);
    }

    /// <summary>Asks the machine something; the answer is given when all that it may rest on is committed.</summary>
    public ValueTask<TResponse> ReadAsync<TResponse>(Func<GroupShard, TResponse> question, Func<ErrorCode, TResponse> refusal)
        where TResponse : class
    {
        lock (_gate)
        {
            var error = CheckLoaded();
            if (error != ErrorCode.None)
            {
                return new ValueTask<TResponse>(refusal(error));
            }

            var response = question(_shard!);
            if (_log!.Outstanding() is not { } outstanding)
            {
                return new ValueTask<TResponse>(response);
            }

            // To ask again here is all that helps: this is the coordinator, and it knows, but may not tell yet.
            var reply = new PendingReply<TResponse>(failure => refusal(failure == ErrorCode.CoordinatorNotAvailable ? ErrorCode.CoordinatorLoadInProgress : failure));
            Wait(outstanding, [(reply, response)]);
            return reply.WaitAsync(CancellationToken.None);
        }
    }

    /// <summary>The most frequent input by far: no records, no replies to others, no closure.</summary>
    public ErrorCode Heartbeat(HeartbeatRequest request)
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
            var error = CheckLoaded();
            RunWhatIsDue();
            _commits.Expire(hosting.Clock.NowMs);
            appended = _log?.TakeAppended();
            nextMs = Math.Min(_commits.NextDeadlineMs, _shard?.NextDeadlineMs ?? (error == ErrorCode.NotCoordinator ? long.MaxValue : hosting.Clock.NowMs + LoadAgainMs));
        }

        appended?.NotifyAppended();
        return nextMs;
    }

    /// <summary>This broker began to lead the partition, or does not lead it any more, or it may be so: loads or throws away.</summary>
    public void OnRoleChanged()
    {
        lock (_gate)
        {
            CheckLoaded();
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

    /// <summary>None, or what a client is told while there is no machine. Starts to load one where this broker leads and none is.</summary>
    private ErrorCode CheckLoaded()
    {
        if (_shard is not null && _log!.IsCurrent)
        {
            return ErrorCode.None;
        }

        if (_shard is not null)
        {
            Discard();
        }

        if (_isClosed)
        {
            return ErrorCode.CoordinatorNotAvailable;
        }

        if (Led() is not { } partition)
        {
            return ErrorCode.NotCoordinator;
        }

        if (_isLoading)
        {
            return ErrorCode.CoordinatorLoadInProgress;
        }

        if (hosting.Clock.NowMs < _loadNotBeforeMs)
        {
            return ErrorCode.CoordinatorNotAvailable;
        }

        if (partition.Log.LogEndOffset == partition.LogStartOffset && TryOpen() is { } log)
        {
            // Nothing to load: a new topic serves its first client at once.
            Serve(log, NewShard(log));
            return ErrorCode.None;
        }

        _isLoading = true;
        hosting.RunInBackground(LoadAsync);
        return ErrorCode.CoordinatorLoadInProgress;
    }

    /// <summary>The partition, or null where this broker does not lead it.</summary>
    private Partition? Led() => hosting.FindPartition(index) is { IsLeader: true, IsClosed: false } partition ? partition : null;

    /// <summary>The log as it is led now, of which nothing is loaded yet; null where this broker does not lead it.</summary>
    private GroupLog? TryOpen() => Led() is { Leadership: { } leading } partition
        ? new GroupLog(partition, leading.Epoch, hosting.Codec)
        : null;

    private GroupShard NewShard(GroupLog log) => new(hosting.Options with { RecordBytesMax = log.RecordBytesMax });

    /// <summary>Loads the machine, and anew where one leadership ends and another begins meanwhile.</summary>
    private async Task LoadAsync(CancellationToken cancellation)
    {
        while (NextToLoad(cancellation) is { } log)
        {
            var shard = NewShard(log);
            var startedMs = hosting.Clock.NowMs;
            var isLoaded = false;
            try
            {
                isLoaded = await log.LoadAsync(shard, cancellation);
            }
            catch (Exception e) when (e is not OperationCanceledException && log.IsLed)
            {
                NoteLoadFailed(log, e);
            }
            catch (Exception) when (cancellation.IsCancellationRequested || !log.IsLed)
            {
                // What was read is of no more use, whatever became of it.
            }

            lock (_gate)
            {
                if (isLoaded && !_isClosed)
                {
                    Serve(log, shard);
                    GroupLogMessages.GroupsLoaded(hosting.Logger, log.Partition.Name, hosting.Clock.NowMs - startedMs);
                }
                else
                {
                    log.Dispose();
                }
            }
        }
    }

    /// <summary>Null where there is nothing to load now: the load has ended.</summary>
    private GroupLog? NextToLoad(CancellationToken cancellation)
    {
        lock (_gate)
        {
            var log = _shard is null && !_isClosed && !cancellation.IsCancellationRequested && hosting.Clock.NowMs >= _loadNotBeforeMs ? TryOpen() : null;
            _isLoading = log is not null;
            return log;
        }
    }

    private void NoteLoadFailed(GroupLog log, Exception exception)
    {
        GroupLogMessages.GroupsNotLoaded(hosting.Logger, exception, log.Partition.Name);
        lock (_gate)
        {
            _loadNotBeforeMs = hosting.Clock.NowMs + LoadAgainMs;
            hosting.Timer.RingAt(_loadNotBeforeMs);
        }
    }

    private void Serve(GroupLog log, GroupShard shard)
    {
        shard.Loaded(hosting.Clock.NowMs);
        _log = log;
        _shard = shard;
        hosting.Timer.RingAt(shard.NextDeadlineMs);
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

            // What cannot be taken back is appended also while the ISR is too small: rather that than to begin anew with all groups.
            var error = _log!.Append(result.Records, _shard!, nowMs, acks: result.IsRevocable ? (short)-1 : (short)1);
            if (error == ErrorCode.None)
            {
                _isFailing = false;
                Reply(result.Replies);
                return;
            }

            if (!_isFailing)
            {
                // Once, and not for each commit while a disk is full.
                GroupLogMessages.GroupAppendFailed(hosting.Logger, _log.Partition.Name, error);
                _isFailing = true;
            }

            Refuse(result.Replies, GroupRefusals.ToClient(error));
            if (!result.IsRevocable || !_log.IsCurrent)
            {
                Discard();
            }
        }
        catch (Exception e)
        {
            GroupLogMessages.GroupsLoadedAnew(hosting.Logger, e, _log!.Partition.Name);
            Discard();
        }
    }

    private void Reply(IReadOnlyList<CoordinatorReply> replies)
    {
        if (replies.Count == 0)
        {
            return;
        }

        // Taken out now, so that a machine that is thrown away meanwhile does not answer for what is in the log.
        var ready = new List<(PendingReply Reply, object Response)>(replies.Count);
        foreach (var reply in replies)
        {
            if (_pending.Remove(reply.Token, out var pending))
            {
                ready.Add((pending, reply.Response));
            }
        }

        if (_log!.Outstanding() is { } outstanding)
        {
            Wait(outstanding, ready);
            return;
        }

        foreach (var (reply, response) in ready)
        {
            reply.Answer(response);
        }
    }

    private void Wait(Task<ErrorCode> outstanding, List<(PendingReply Reply, object Response)> replies)
    {
        _commits.Add(outstanding, replies, hosting.Clock.NowMs);
        hosting.Timer.RingAt(_commits.NextDeadlineMs);
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
