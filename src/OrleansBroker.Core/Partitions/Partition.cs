using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Storage;

namespace OrleansBroker.Core.Partitions;

/// <summary>
/// A replica of a partition on this broker: its log, and the part that this broker plays. As the leader it appends what producers
/// send, counts how far the followers are, and says when an append may be acknowledged; as a follower it appends what the leader
/// has. The produce and fetch paths run through here, so this is straight code over Storage and not a machine.
/// <code>
///            Lead(state)                     Follow(state)
/// (nothing) ------------> leading (epoch n) ---------------> following (epoch n+1) --Lead--> leading (epoch n+2) ...
/// </code>
/// </summary>
/// <remarks>
/// What was begun under one part cannot take effect under the next: the log itself refuses appends and truncations of another
/// leader epoch than the one it was last given (<see cref="PartitionLog.BeginLeadership"/>, <see cref="PartitionLog.BeginFollowing"/>).
/// </remarks>
public sealed class Partition
{
    private readonly AppendListeners _appends = new();
    private readonly AppendListeners _commits = new();
    private readonly AppendListeners _logStarts = new();
    private readonly IFlushQueue _flushes;
    private readonly Lock _role = new();
    private volatile Leadership? _leadership;
    private volatile PartitionState _state;
    private long _toldHighWatermark = -1;

    /// <param name="state">What is known of the partition; this broker has no part in it until <see cref="Lead"/> or <see cref="Follow"/>.</param>
    public Partition(BrokerId self, PartitionLog log, PartitionState state, bool isInternal, IFlushQueue flushes)
    {
        Self = self;
        Log = log;
        _state = state;
        IsInternal = isInternal;
        _flushes = flushes;
    }

    /// <summary>This broker.</summary>
    public BrokerId Self { get; }

    public TopicPartition Name => Log.Partition;

    public Guid TopicId => Log.TopicId;

    public PartitionLog Log { get; }

    /// <summary>The newest state that this replica acts on.</summary>
    public PartitionState State => _state;

    public LeaderEpoch LeaderEpoch => _state.LeaderEpoch;

    public bool IsLeader => _leadership is not null;

    /// <summary>What this broker knows as the leader; null where it does not lead.</summary>
    public Leadership? Leadership => _leadership;

    /// <summary><c>min.insync.replicas</c> of the topic.</summary>
    public int MinInSyncReplicas { get; private set; } = 1;

    /// <summary><c>unclean.leader.election.enable</c> of the topic.</summary>
    public bool AllowsUncleanElection { get; private set; }

    /// <summary>Called, by the thread that serves its fetch, when a follower has caught up that is not in sync yet; it must not block.</summary>
    public Action<Partition>? CaughtUp { get; set; }

    /// <summary>What may still move of it where it is throttled.</summary>
    public PartitionThrottles Throttles { get; } = new();

    /// <summary>Whether the topic is one of the broker's own (<c>__consumer_offsets</c>), which clients may not write to.</summary>
    public bool IsInternal { get; }

    /// <summary>Set when the topic has been deleted or the replica was moved away: whoever still holds the partition is told that it is not there.</summary>
    public bool IsClosed { get; private set; }

    public long LogStartOffset => Log.LogStartOffset;

    public long HighWatermark => Log.HighWatermark;

    /// <summary>The first offset that a read_committed consumer may not read yet. Without transactions that is the high watermark.</summary>
    public long LastStableOffset => Log.HighWatermark;

    /// <summary>
    /// Whether the high watermark is known to cover all that earlier leaders exposed: on a new leader it is once it has reached the
    /// start of its epoch. Until then the end of the partition cannot be told (OFFSET_NOT_AVAILABLE).
    /// </summary>
    public bool IsHighWatermarkKnown => _leadership is not { } leading || Log.HighWatermark >= leading.StartOffset;

    /// <summary>Compares the leader epoch that a client believes in (-1: none) with the one that is known here (KIP-320).</summary>
    public ErrorCode CheckEpoch(int currentLeaderEpoch)
    {
        var epoch = LeaderEpoch.Value;
        if (currentLeaderEpoch < 0 || currentLeaderEpoch == epoch)
        {
            return ErrorCode.None;
        }

        return currentLeaderEpoch < epoch ? ErrorCode.FencedLeaderEpoch : ErrorCode.UnknownLeaderEpoch;
    }

    /// <summary>As <see cref="CheckEpoch"/>, for what only the leader may answer.</summary>
    public ErrorCode CheckLeader(int currentLeaderEpoch)
    {
        var error = CheckEpoch(currentLeaderEpoch);
        return error != ErrorCode.None ? error : IsLeader ? ErrorCode.None : ErrorCode.NotLeaderOrFollower;
    }

    /// <summary>Whether a follower is to be sent nothing for now. One that is in sync never waits: what is committed would wait with it.</summary>
    public bool IsThrottled(BrokerId follower) => Throttles.IsLeaderExceeded(State, follower) && !State.IsInSync(follower);

    /// <summary>Whether this broker is to fetch nothing for now. While it is in sync it never waits.</summary>
    public bool IsThrottledAsFollower => Throttles.IsFollowerExceeded(State, Self) && !State.IsInSync(Self);

    /// <summary>Begins to lead under the epoch of <paramref name="state"/>, which the partition's document says already.</summary>
    public void Lead(PartitionState state, long timestamp)
    {
        Leadership? ended;
        lock (_role)
        {
            ended = _leadership;
            ended?.End();
            Log.BeginLeadership(state.LeaderEpoch, isStored: state.Replicas.Length > 1);
            _state = state;
            _leadership = new Leadership(this, state, timestamp);
            _leadership.AdvanceHighWatermark();
        }

        ended?.Refuse(ErrorCode.NotLeaderOrFollower);
        NotifyAll();
    }

    /// <summary>Ends a leadership, if there is one, and follows; also where nobody is known to lead.</summary>
    public void Follow(PartitionState state)
    {
        Leadership? ended;
        lock (_role)
        {
            ended = _leadership;
            ended?.End();
            _leadership = null;
            Log.BeginFollowing(state.LeaderEpoch);
            _state = state;
        }

        ended?.Refuse(ErrorCode.NotLeaderOrFollower);
        NotifyAll();
    }

    /// <summary>The topic's configuration has changed, or is told for the first time.</summary>
    public void Configure(LogConfig log, int minInSyncReplicas, bool allowsUncleanElection)
    {
        Log.Config = log;
        MinInSyncReplicas = minInSyncReplicas;
        AllowsUncleanElection = allowsUncleanElection;
        if (_leadership is { } leading)
        {
            leading.AdvanceHighWatermark().Tell(mayGoOnHere: false);
            NotifyCommitted();
        }
    }

    /// <summary>A change within the same leader epoch (the ISR, a reassignment), which is stored already.</summary>
    public void Update(PartitionState state, long timestamp)
    {
        var decided = default(CommitQueue);
        lock (_role)
        {
            if (state.LeaderEpoch != _state.LeaderEpoch)
            {
                return;
            }

            _state = state;
            if (_leadership is { } leading)
            {
                decided = leading.Commit(state, timestamp);
            }
        }

        decided.Tell(mayGoOnHere: false);
        NotifyAll();
    }

    /// <summary>
    /// Appends record batches. Nobody is woken yet: the caller does that with <see cref="NotifyAppended"/>, after it has answered
    /// its own client.
    /// </summary>
    /// <param name="batches">One or more whole record batches in writable memory, which are stamped in place.</param>
    /// <param name="acks">0, 1, or -1: refused with NOT_ENOUGH_REPLICAS where the ISR is smaller than <c>min.insync.replicas</c>.</param>
    public AppendResult Append(Span<byte> batches, AppendOrigin origin, long nowMs, short acks) =>
        _leadership is { } leading
            ? Append(leading, batches, new AppendOptions { Epoch = leading.Epoch, NowMs = nowMs, Origin = origin }, acks)
            : Refused(IsClosed ? ErrorCode.UnknownTopicOrPartition : ErrorCode.NotLeaderOrFollower);

    /// <summary>
    /// As <see cref="Append(Span{byte}, AppendOrigin, long, short)"/>, for a coordinator's machine: its state is what the log held
    /// up to <paramref name="endOffset"/> under the leader epoch <paramref name="epoch"/>, and so nothing may have come in between.
    /// </summary>
    /// <returns>NOT_LEADER_OR_FOLLOWER where something did: another leadership, or the append of another machine.</returns>
    public AppendResult Append(Span<byte> batches, LeaderEpoch epoch, long endOffset, long nowMs, short acks) =>
        _leadership is { } leading && leading.Epoch == epoch
            ? Append(leading, batches, new AppendOptions { Epoch = epoch, NowMs = nowMs, Origin = AppendOrigin.Coordinator, EndOffset = endOffset }, acks)
            : Refused(ErrorCode.NotLeaderOrFollower);

    /// <summary>Appends what the leader of <paramref name="epoch"/> sent; offsets and epochs stand in the batches already.</summary>
    /// <returns>NOT_LEADER_OR_FOLLOWER where this replica follows another epoch by now.</returns>
    public AppendResult AppendReplicated(Span<byte> batches, LeaderEpoch epoch, long nowMs) =>
        Log.Append(batches, new AppendOptions { Epoch = epoch, NowMs = nowMs, Origin = AppendOrigin.Replication });

    /// <summary>The leader of <paramref name="epoch"/> said how much is committed, and this replica's log is its log as far as it goes.</summary>
    /// <returns>False where this replica follows another epoch by now: the high watermark stays.</returns>
    public bool AdvanceAsFollower(LeaderEpoch epoch, long leaderHighWatermark)
    {
        lock (_role)
        {
            if (_leadership is not null || _state.LeaderEpoch != epoch)
            {
                return false;
            }

            Log.AdvanceHighWatermark(leaderHighWatermark);
            return true;
        }
    }

    /// <summary>Wakes the long polls of followers, and those of consumers if the high watermark has moved since they were last woken.</summary>
    public void NotifyAppended()
    {
        _appends.Notify(this);
        NotifyCommitted();
    }

    /// <summary>Wakes the long polls of consumers if the high watermark has moved since they were last woken.</summary>
    public void NotifyCommitted()
    {
        var highWatermark = Log.HighWatermark;
        var told = Interlocked.Read(ref _toldHighWatermark);
        while (told < highWatermark)
        {
            var seen = Interlocked.CompareExchange(ref _toldHighWatermark, highWatermark, told);
            if (seen == told)
            {
                _commits.Notify(this);
                return;
            }

            told = seen;
        }
    }

    /// <summary>
    /// Completes when what was appended may be acknowledged: the flush that the topic asks for with <c>flush.messages</c> or
    /// <c>flush.ms</c> has been done and, with acks -1, the high watermark has passed it. A duplicate waits for the same as the
    /// original did.
    /// </summary>
    /// <returns>
    /// NOT_LEADER_OR_FOLLOWER where the leadership ended first, NOT_ENOUGH_REPLICAS_AFTER_APPEND where the ISR became smaller than
    /// <c>min.insync.replicas</c>, KAFKA_STORAGE_ERROR where the flush failed.
    /// </returns>
    public ValueTask<ErrorCode> Committed(in AppendResult appended, short acks)
    {
        if (acks != -1)
        {
            return Flushed(appended);
        }

        return Log.Config is { FlushMessages: long.MaxValue, FlushMs: long.MaxValue }
            ? Replicated(appended)
            : BothAsync(Flushed(appended), Replicated(appended));
    }

    /// <summary>As <see cref="Committed"/>, without a task.</summary>
    /// <returns>What became of the append where that is known already; null where <paramref name="waiter"/> is told.</returns>
    public ErrorCode? AwaitCommit(in AppendResult appended, short acks, CommitWaiter waiter)
    {
        if (acks == -1 && Log.Config is { FlushMessages: long.MaxValue, FlushMs: long.MaxValue })
        {
            return Await(appended, waiter);
        }

        var committing = Committed(appended, acks);
        if (committing.IsCompletedSuccessfully)
        {
            return committing.Result;
        }

        _ = TellAsync(committing, waiter);
        return null;
    }

    /// <summary>A follower asks for what lies behind <paramref name="fetchOffset"/>, and so has all before it.</summary>
    /// <param name="timestamp">Of the request, by the broker's clock.</param>
    /// <returns>Whether consumers can see more than before: the caller wakes them with <see cref="NotifyCommitted"/>.</returns>
    public bool NoteFetched(BrokerId follower, long brokerEpoch, long fetchOffset, long timestamp)
    {
        var decided = default(CommitQueue);
        var isMoreCommitted = _leadership is { } leading && NoteFetched(leading, follower, brokerEpoch, fetchOffset, timestamp, ref decided);
        decided.Tell(mayGoOnHere: false);
        return isMoreCommitted;
    }

    /// <inheritdoc cref="NoteFetched(BrokerId, long, long, long)"/>
    /// <param name="leading">The leadership under which the fetch was found to be in step: it does not count under a later one.</param>
    /// <param name="decided">Gets those who need not wait for their commits any longer: the caller tells them.</param>
    public bool NoteFetched(Leadership leading, BrokerId follower, long brokerEpoch, long fetchOffset, long timestamp, ref CommitQueue decided)
    {
        var before = Log.HighWatermark;
        decided.Add(leading.NoteFetched(follower, brokerEpoch, fetchOffset, timestamp, out var isCandidate));
        if (isCandidate)
        {
            CaughtUp?.Invoke(this);
        }

        return Log.HighWatermark > before;
    }

    /// <summary>It was decided whether those enter the ISR that were told by <see cref="CaughtUp"/>.</summary>
    public void EndEntering()
    {
        if (_leadership is { } leading)
        {
            leading.EndEntering().Tell(mayGoOnHere: false);
            NotifyCommitted();
        }
    }

    /// <summary>Reads whole batches up to the high watermark.</summary>
    /// <param name="bytesMax">The most bytes to return, which a first batch larger than that exceeds where <paramref name="atLeastOneBatch"/> is set.</param>
    public ReadResult Read(long offset, int bytesMax, bool atLeastOneBatch) =>
        Log.Read(offset, bytesMax, Log.HighWatermark, atLeastOneBatch);

    /// <summary>As <see cref="Read"/>, up to the log end offset: for followers.</summary>
    public ReadResult ReadToEnd(long offset, int bytesMax, bool atLeastOneBatch) =>
        Log.Read(offset, bytesMax, Log.LogEndOffset, atLeastOneBatch);

    /// <summary>Asks to hear of records that consumers may read, from now on: a caller reads once more after this, or it may miss one.</summary>
    public void Listen(IAppendListener listener) => _commits.Add(listener);

    public void Unlisten(IAppendListener listener) => _commits.Remove(listener);

    /// <summary>As <see cref="Listen"/>, of all that is appended: for followers.</summary>
    public void ListenToAppends(IAppendListener listener) => _appends.Add(listener);

    public void UnlistenToAppends(IAppendListener listener) => _appends.Remove(listener);

    /// <summary>As <see cref="Listen"/>, of followers' log start offsets.</summary>
    public void ListenToLogStarts(IAppendListener listener) => _logStarts.Add(listener);

    public void UnlistenToLogStarts(IAppendListener listener) => _logStarts.Remove(listener);

    /// <summary>A follower says where its log begins.</summary>
    /// <param name="leading">As for <see cref="NoteFetched(Leadership, BrokerId, long, long, long, ref CommitQueue)"/>.</param>
    public void NoteLogStart(Leadership leading, BrokerId follower, long logStartOffset)
    {
        if (leading.NoteLogStart(follower, logStartOffset))
        {
            _logStarts.Notify(this);
        }
    }

    /// <summary>The replica is gone: appends are refused from now on, and those who wait are woken to find out.</summary>
    public void Close()
    {
        Leadership? ended;
        lock (_role)
        {
            IsClosed = true;
            ended = _leadership;
            ended?.End();
            _leadership = null;
        }

        ended?.Refuse(ErrorCode.UnknownTopicOrPartition);
        NotifyAll();
    }

    private AppendResult Append(Leadership leading, Span<byte> batches, in AppendOptions options, short acks)
    {
        if (acks == -1 && !leading.HasEnoughReplicas)
        {
            return Refused(ErrorCode.NotEnoughReplicas);
        }

        var result = Log.Append(batches, options);
        Interlocked.MemoryBarrier();
        if (result.Error == ErrorCode.None && leading.IsAlone)
        {
            leading.AdvanceHighWatermark().Tell(mayGoOnHere: false);
        }

        return result with { Epoch = options.Epoch };
    }

    private static AppendResult Refused(ErrorCode error) =>
        new() { Error = error, BaseOffset = -1, LastOffset = -1, LogAppendTimeMs = -1, LogStartOffset = -1 };

    private static async ValueTask<ErrorCode> BothAsync(ValueTask<ErrorCode> flushed, ValueTask<ErrorCode> replicated)
    {
        var error = await flushed;
        var other = await replicated;
        return error != ErrorCode.None ? error : other;
    }

    private static async Task TellAsync(ValueTask<ErrorCode> committing, CommitWaiter waiter) => waiter.OnDecided(await committing, mayGoOnHere: true);

    private ValueTask<ErrorCode> Replicated(in AppendResult appended)
    {
        var waiting = new CommitTask();
        return Await(appended, waiting) is { } result ? new ValueTask<ErrorCode>(result) : new ValueTask<ErrorCode>(waiting.Task);
    }

    // Under a later leadership another record may stand where this one stood.
    private ErrorCode? Await(in AppendResult appended, CommitWaiter waiter) =>
        _leadership is { } leading && leading.Epoch == appended.Epoch ? leading.Await(appended.LastOffset, waiter) : ErrorCode.NotLeaderOrFollower;

    private ValueTask<ErrorCode> Flushed(in AppendResult appended)
    {
        var config = Log.Config;
        if (config.FlushMessages == long.MaxValue && config.FlushMs == long.MaxValue)
        {
            return new ValueTask<ErrorCode>(ErrorCode.None);
        }

        if (Log.RecoveryPoint > appended.LastOffset)
        {
            return new ValueTask<ErrorCode>(ErrorCode.None);
        }

        // What made the flush of the original due still makes it due, as it has not been done.
        if (appended.FlushDue || (appended.Duplicate && Log.LogEndOffset - Log.RecoveryPoint >= config.FlushMessages))
        {
            return _flushes.FlushedAsync(this, appended.LastOffset, withinMs: 0);
        }

        return config.FlushMs == long.MaxValue
            ? new ValueTask<ErrorCode>(ErrorCode.None)
            : _flushes.FlushedAsync(this, appended.LastOffset, config.FlushMs);
    }

    // A change of the part that this broker plays: everybody looks again. Not here and now: whoever changes it holds locks, and a
    // client that is answered goes on with its next request on the thread that wakes it.
    private void NotifyAll()
    {
        if (!_appends.IsEmpty || !_commits.IsEmpty || !_logStarts.IsEmpty)
        {
            _ = NotifyAllAsync();
        }
    }

    private async Task NotifyAllAsync()
    {
        await Task.Yield();
        _appends.Notify(this);
        _commits.Notify(this);
        _logStarts.Notify(this);
    }
}
