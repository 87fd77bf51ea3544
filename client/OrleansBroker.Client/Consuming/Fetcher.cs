using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansBroker.Client.Connections;
using OrleansBroker.Client.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Client.Consuming;

/// <summary>
/// Fetches ahead of the application: one loop for each broker that leads something of the assignment, with one request at a
/// time on a connection of its own, and one that keeps an eye on who leads. A broker's loop looks up offsets where there are
/// none, then fetches what has room to be fetched ahead, and waits for news where nothing has.
/// </summary>
internal sealed partial class Fetcher : IAsyncDisposable
{
    /// <summary>A broker that has not answered for so much longer than it may wait may be gone without a word.</summary>
    private const long SuspiciousMs = 2_000;

    /// <summary>From this version of Fetch on topics have ids in place of names.</summary>
    private const short TopicIdsSince = 13;

    private readonly Cluster _cluster;
    private readonly ConsumerOptions _options;
    private readonly FetchBuffer _buffer;
    private readonly FetchVerdicts _verdicts;
    private readonly OffsetLookup _offsets;
    private readonly TimeProvider _clock;
    private readonly Backoff _backoff;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<int, FetchNode> _nodes = new();
    private readonly List<Task> _loops = [];
    private readonly WakeSignal _wake;
    private readonly Task _watching;
    private volatile bool _needsMetadata;

    public Fetcher(Cluster cluster, ConsumerOptions options, FetchBuffer buffer, ILogger log)
    {
        _cluster = cluster;
        _options = options;
        _buffer = buffer;
        _log = log;
        _clock = cluster.Options.Clock;
        _backoff = new Backoff(cluster.Options.RetryBackoff, cluster.Options.RetryBackoffMax);
        _offsets = new OffsetLookup(cluster);
        _verdicts = new FetchVerdicts(cluster, options, buffer, log);
        _wake = new WakeSignal(_clock);
        _buffer.Changed += WakeAll;
        _buffer.Consumed += WakeNodes;
        _watching = Task.Run(WatchAsync);
    }

    public async ValueTask DisposeAsync()
    {
        _buffer.Changed -= WakeAll;
        _buffer.Consumed -= WakeNodes;
        await _stopping.CancelAsync().ConfigureAwait(false);
        WakeAll();
        await _watching.ConfigureAwait(false);
        _cluster.Release(this);
        await Task.WhenAll(_loops).ConfigureAwait(false);

        // What a loop was just about to dial.
        _cluster.Release(this);
        foreach (var node in _nodes.Values)
        {
            node.Dispose();
        }

        _wake.Dispose();
        _stopping.Dispose();
    }

    private void WakeAll()
    {
        _wake.Set();
        WakeNodes();
    }

    private void WakeNodes()
    {
        foreach (var (_, node) in _nodes)
        {
            node.Wake.Set();
        }
    }

    /// <summary>Finds out who leads, starts a loop for each, and gives up on brokers that hang.</summary>
    private async Task WatchAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var view = _cluster.View;
                Look(view, _clock.MonotonicMs());
                if (_needsMetadata)
                {
                    _needsMetadata = false;
                    await _cluster.RefreshAsync(view, _stopping.Token).ConfigureAwait(false);
                    WakeAll();
                }
                else
                {
                    await _wake.WaitAsync(_nodes.IsEmpty ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(SuspiciousMs)).ConfigureAwait(false);
                }
            }
            catch (KafkaException e)
            {
                NoFetchMetadata(e.Message);
                _needsMetadata = true;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Look(ClusterView view, long nowMs)
    {
        var leaders = new HashSet<int>();
        foreach (var name in _buffer.Assignment)
        {
            if (view.Find(name.Topic, name.Partition) is { HasLeader: true } known)
            {
                leaders.Add(known.LeaderId);
            }
            else
            {
                _cluster.Watch(new TopicInterest(name.Topic, MayCreate: false));
                _needsMetadata = true;
            }
        }

        foreach (var near in _buffer.Select<int>(partition => partition.NearReplica >= 0 ? partition.NearReplica : null))
        {
            leaders.Add(near);
        }

        foreach (var leader in leaders.Where(leader => !_nodes.ContainsKey(leader)))
        {
            var node = new FetchNode(leader, _clock) { AskedMs = long.MaxValue };
            _nodes[leader] = node;
            _loops.Add(Task.Run(() => RunAsync(node)));
        }

        foreach (var (_, node) in _nodes)
        {
            if (nowMs - Volatile.Read(ref node.AskedMs) > (long)_options.FetchMaxWait.TotalMilliseconds + SuspiciousMs)
            {
                _needsMetadata = true;
                if (!leaders.Contains(node.BrokerId))
                {
                    FetchHangs(node.BrokerId);
                    node.Connection?.Dispose();
                }
            }
        }
    }

    private async Task RunAsync(FetchNode node)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var pause = await RoundAsync(node).ConfigureAwait(false);
                node.Failures = 0;
                await node.Wake.WaitAsync(pause).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
#pragma warning disable CA1031 // The loop would end, and the application wait forever: it is told instead.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (!_stopping.IsCancellationRequested)
                {
                    await RecoverAsync(node, e).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>After a round that failed: begins anew after a pause, and tells the application what will not pass by itself.</summary>
    private Task RecoverAsync(FetchNode node, Exception reason)
    {
        node.Session.Reset();
        NoFetch(node.BrokerId, reason.Message);
        var told = reason as KafkaException ?? new KafkaException(ErrorCode.UnknownServerError, "the consumer failed", reason);
        if (!told.IsRetriable)
        {
            _buffer.Fail(told);
        }

        NoteStale(needsMetadata: true);
        return PauseAsync(_backoff.After(++node.Failures));
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _clock, _stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The loop sees it.
        }
    }

    /// <returns>How long to wait for news before the next round.</returns>
    private async Task<TimeSpan> RoundAsync(FetchNode node)
    {
        var view = _cluster.View;
        var nowMs = _clock.MonotonicMs();
        var nextMs = long.MaxValue;
        var unresolved = _buffer.Select<FetchTarget>(partition => partition.IsResolved ? null : Target(partition, node, view, nowMs, ref nextMs, usesNear: false));
        if (unresolved.Count > 0)
        {
            await ResolveAsync(node, unresolved).ConfigureAwait(false);
        }

        var targets = _buffer.Select<FetchTarget>(partition =>
            partition.IsResolved && _buffer.HasRoomFor(partition) ? Target(partition, node, view, nowMs, ref nextMs, usesNear: true) : null);
        if (targets.Count > 0)
        {
            await FetchAsync(node, targets).ConfigureAwait(false);
            return TimeSpan.Zero;
        }

        return nextMs == long.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Max(nextMs - nowMs, 1));
    }

    private static FetchTarget? Target(PartitionFetch partition, FetchNode node, ClusterView view, long nowMs, ref long nextMs, bool usesNear)
    {
        if (!view.Topics.TryGetValue(partition.Name.Topic, out var topic) || topic.Find(partition.Name.Partition) is not { HasLeader: true } known)
        {
            return null;
        }

        var isNear = usesNear && partition.NearReplica >= 0 && partition.NearUntilMs > nowMs && view.Brokers.ContainsKey(partition.NearReplica);
        if ((isNear ? partition.NearReplica : known.LeaderId) != node.BrokerId)
        {
            return null;
        }

        if (partition.NotBeforeMs > nowMs)
        {
            nextMs = Math.Min(nextMs, partition.NotBeforeMs);
            return null;
        }

        return new FetchTarget(partition, partition.Version, topic.Id, partition.FetchOffset, partition.LastFetchedEpoch, known.LeaderEpoch);
    }

    /// <summary>Looks up the places that offsets stand for.</summary>
    private async Task ResolveAsync(FetchNode node, List<FetchTarget> targets)
    {
        var asked = new Dictionary<TopicPartition, FetchTarget>();
        foreach (var target in targets)
        {
            if (_verdicts.TryChooseTimestamp(target))
            {
                asked.Add(target.Partition.Name, target);
            }
        }

        if (asked.Count == 0)
        {
            return;
        }

        var answers = await _offsets.AskAsync(
            node.BrokerId, asked.Values.Select(target => (target.Partition.Name, _verdicts.TimestampOf(target.FetchOffset), target.CurrentLeaderEpoch)), _stopping.Token).ConfigureAwait(false);
        foreach (var (name, answer) in answers)
        {
            if (asked.TryGetValue(name, out var target))
            {
                NoteStale(_verdicts.TakeOffset(target, answer, _clock.MonotonicMs()));
            }
        }
    }

    private async Task FetchAsync(FetchNode node, List<FetchTarget> targets)
    {
        var connection = await _cluster.ConnectAsync(node.BrokerId, ConnectionPurpose.Fetches, owner: this, _stopping.Token).ConfigureAwait(false);
        if (connection != node.Connection)
        {
            node.Session.Reset();
            node.Connection = connection;
        }

        var usesIds = targets.TrueForAll(target => target.TopicId != Guid.Empty);
        var version = connection.Versions.Choose(FetchRequest.Api, usesIds ? short.MaxValue : (short)(TopicIdsSince - 1));
        var request = new FetchRequest
        {
            MaxWaitMs = (int)_options.FetchMaxWait.TotalMilliseconds,
            MinBytes = _options.FetchMinBytes,
            MaxBytes = _options.FetchMaxBytes,
            RackId = _cluster.Options.ClientRack,
        };
        node.Session.Fill(request, targets, version >= TopicIdsSince, _options.MaxPartitionFetchBytes);
        Answer<FetchResponse> answer;
        Volatile.Write(ref node.AskedMs, _clock.MonotonicMs());
        try
        {
            answer = await connection.SendAsync<FetchRequest, FetchResponse>(
                request, version, _options.FetchMaxWait + _cluster.Options.RequestTimeout, keepsFrame: true, runsInline: false, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref node.AskedMs, long.MaxValue);
        }

        using (answer.Frame)
        {
            if (node.Session.TryTake(answer.Response))
            {
                NoteStale(_verdicts.Take(node, answer, targets, _clock.MonotonicMs()));
            }
        }
    }

    private void NoteStale(bool needsMetadata)
    {
        if (needsMetadata)
        {
            _needsMetadata = true;
            _wake.Set();
        }
    }

    [LoggerMessage(7100, LogLevel.Information, "no fetch from broker {Broker}: {Reason}")]
    private partial void NoFetch(int broker, string reason);

    [LoggerMessage(7101, LogLevel.Information, "the cluster's metadata could not be refreshed for a consumer: {Reason}")]
    private partial void NoFetchMetadata(string reason);

    [LoggerMessage(7102, LogLevel.Warning, "broker {Broker} does not answer a fetch, and others lead what it was asked for: its connection is closed")]
    private partial void FetchHangs(int broker);
}
