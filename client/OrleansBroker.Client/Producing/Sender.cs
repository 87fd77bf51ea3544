using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using OrleansBroker.Client.Connections;
using OrleansBroker.Client.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Client.Producing;

/// <summary>
/// Sends a producer's batches and hears what became of them. One loop does all of it, woken by records, answers and the clock,
/// so that everything behind the open batches has one owner and needs no lock. Each round: take in the answers, let in those
/// that wait, give up what is too late, and send to each broker that has a batch due, as far as requests in flight allow.
/// </summary>
internal sealed partial class Sender : IDisposable
{
    /// <summary>A broker that has not answered for so long may be gone without a word: the cluster is asked who leads now.</summary>
    private const long SuspiciousMs = 2_000;

    private readonly Cluster _cluster;
    private readonly ProducerOptions _options;
    private readonly TimeProvider _clock;
    private readonly RecordAccumulator _accumulator;
    private readonly WakeSignal _wake;
    private readonly ProducerIdentitySource _identity;
    private readonly BatchSelector _selector;
    private readonly BatchVerdicts _verdicts;
    private readonly ILogger _log;
    private readonly ConcurrentQueue<ProduceInFlight> _answers = new();
    private readonly ConcurrentQueue<(SenderNode Node, BrokerConnection? Connection)> _connected = new();
    private readonly List<PartitionQueue> _active = [];
    private readonly HashSet<TopicQueue> _topics = [];
    private readonly Dictionary<int, SenderNode> _nodes = [];
    private readonly CancellationTokenSource _stopping = new();
    private volatile bool _isRefreshing;
    private ClusterView? _grownTo;
    private KafkaException? _fatal;
    private bool _needsMetadata;
    private long _nextMs;
    private int _turn;

    public Sender(Cluster cluster, ProducerOptions options, RecordAccumulator accumulator, BatchPool batches, WakeSignal wake, ILogger log)
    {
        _cluster = cluster;
        _options = options;
        _clock = cluster.Options.Clock;
        _accumulator = accumulator;
        _wake = wake;
        _log = log;
        _identity = new ProducerIdentitySource(cluster, wake, log);
        _selector = new BatchSelector(options, accumulator, _identity);
        _verdicts = new BatchVerdicts(cluster, options, accumulator, batches, _identity, log);
    }

    /// <summary>Why nothing more can be produced, ever; null while all is well.</summary>
    public KafkaException? Fatal => Volatile.Read(ref _fatal);

    /// <summary>Runs until <see cref="Stop"/>.</summary>
    public async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _wake.WaitAsync(Advance(_clock.MonotonicMs())).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // The loop is the only one that tells callers: it must not end without doing so.
            catch (Exception e)
#pragma warning restore CA1031
            {
                ProducerFailed(e);
                Volatile.Write(ref _fatal, e as KafkaException ?? new KafkaException(ErrorCode.UnknownServerError, "the producer failed", e));
                GiveUpAll();
            }
        }
    }

    /// <summary>Ends the loop, once there is nothing left to tell.</summary>
    public void Stop()
    {
        _stopping.Cancel();
        _wake.Set();
    }

    public void Dispose() => _stopping.Dispose();

    /// <summary>One round.</summary>
    /// <returns>How long until there may be something to do that nobody signals.</returns>
    private TimeSpan Advance(long nowMs)
    {
        _nextMs = long.MaxValue;
        TakeAnswers(nowMs);
        TakeConnections(nowMs);
        TakeActivated();
        if (_fatal is not null)
        {
            GiveUpAll();
            return Timeout.InfiniteTimeSpan;
        }

        LetWaitingIn(nowMs);
        if (_options.EnableIdempotence && _active.Count > 0)
        {
            _identity.Ensure(_stopping.Token);
        }

        SortByBroker(nowMs);
        foreach (var node in _nodes.Values)
        {
            SendTo(node, nowMs);
            Suspect(node, nowMs);
        }

        RefreshIfNeeded();
        return _nextMs == long.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Max(_nextMs - nowMs, 1));
    }

    private void TakeAnswers(long nowMs)
    {
        while (_answers.TryDequeue(out var answer))
        {
            // Those of one connection come in order; those of an older one that failed come before.
            if (answer.Node.InFlight.TryPeek(out var first) && first == answer)
            {
                answer.Node.InFlight.Dequeue();
            }
            else
            {
                RemoveFrom(answer.Node.InFlight, answer);
            }

            _needsMetadata |= _verdicts.Take(answer, nowMs);
        }
    }

    private static void RemoveFrom(Queue<ProduceInFlight> inFlight, ProduceInFlight answer)
    {
        var others = inFlight.Where(other => other != answer).ToArray();
        inFlight.Clear();
        foreach (var other in others)
        {
            inFlight.Enqueue(other);
        }
    }

    private void TakeActivated()
    {
        while (_accumulator.TryTakeActivated(out var partition))
        {
            _active.Add(partition!);
        }
    }

    private void LetWaitingIn(long nowMs)
    {
        while (_accumulator.TryTakeWaiting(out var waiting))
        {
            _topics.Add(waiting!);
        }

        var view = _cluster.View;
        if (view != _grownTo)
        {
            _accumulator.Grow(view);
            _grownTo = view;
        }

        var isShort = false;
        foreach (var topic in _topics)
        {
            var reason = topic.AppendWaiting(nowMs, view.Topics.GetValueOrDefault(topic.Name), out var deadlineMs);
            _nextMs = Math.Min(_nextMs, deadlineMs);
            isShort |= reason == WaitReason.Room;
            if (reason == WaitReason.Metadata)
            {
                _cluster.Watch(new TopicInterest(topic.Name, MayCreate: true));
                _needsMetadata = true;
            }
        }

        _topics.RemoveWhere(topic => !topic.HasWaiting);
        _accumulator.IsShortOfRoom = isShort;
        TakeActivated();
    }

    /// <summary>Finds out what may be sent, and to whom; what has nothing to do any more is left alone until its next record.</summary>
    private void SortByBroker(long nowMs)
    {
        foreach (var node in _nodes.Values)
        {
            node.Partitions.Clear();
        }

        var view = _cluster.View;
        _verdicts.HasFreedRoom = false;
        _active.RemoveAll(static partition => partition.TryDeactivate());
        _turn = _active.Count == 0 ? 0 : (_turn + 1) % _active.Count;
        for (var i = 0; i < _active.Count; i++)
        {
            // Everybody is first now and then, when not all fit into a request.
            var partition = _active[(i + _turn) % _active.Count];
            _nextMs = Math.Min(_nextMs, _verdicts.Expire(partition, nowMs));
            _cluster.Touch(partition.Name.Topic);
            if (view.Find(partition.Name.Topic, partition.Name.Partition) is { HasLeader: true } known)
            {
                NodeOf(known.LeaderId).Partitions.Add(partition);
            }
            else
            {
                _cluster.Watch(new TopicInterest(partition.Name.Topic, MayCreate: true));
                _needsMetadata = true;
            }
        }

        // Those that wait are let in at the beginning of a round.
        _nextMs = _verdicts.HasFreedRoom && _accumulator.IsShortOfRoom ? nowMs : _nextMs;
    }

    private SenderNode NodeOf(int brokerId)
    {
        ref var node = ref CollectionsMarshal.GetValueRefOrAddDefault(_nodes, brokerId, out _);
        return node ??= new SenderNode(brokerId);
    }

    private void SendTo(SenderNode node, long nowMs)
    {
        while (node.Partitions.Count > 0 && node.InFlight.Count < _options.MaxInFlight)
        {
            var isDue = _selector.IsAnyDue(node, nowMs, _stopping.Token, out var nextMs);
            _nextMs = Math.Min(_nextMs, nextMs);
            if (!isDue || !IsConnected(node, nowMs))
            {
                return;
            }

            Send(node, _selector.Take(node, nowMs, _stopping.Token), nowMs);
        }
    }

    private bool IsConnected(SenderNode node, long nowMs)
    {
        if (node.Connection is { IsOpen: true })
        {
            return true;
        }

        if (node.NotBeforeMs > nowMs)
        {
            _nextMs = Math.Min(_nextMs, node.NotBeforeMs);
        }
        else if (!node.IsConnecting)
        {
            node.IsConnecting = true;
            _ = ConnectAsync(node);
        }

        return node.Connection is { IsOpen: true };
    }

    private async Task ConnectAsync(SenderNode node)
    {
        BrokerConnection? connection = null;
        try
        {
            var connecting = _cluster.ConnectAsync(node.BrokerId, ConnectionPurpose.Requests, owner: null, _stopping.Token);
            if (connecting.IsCompletedSuccessfully)
            {
                // Still in the sender's round.
                node.Connection = connecting.Result;
                node.IsConnecting = false;
                return;
            }

            connection = await connecting.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031 // Whatever it is: the node must not count as one that is being connected to for ever.
        catch (Exception e)
#pragma warning restore CA1031
        {
            NoConnection(node.BrokerId, e.Message);
        }

        _connected.Enqueue((node, connection));
        _wake.Set();
    }

    private void TakeConnections(long nowMs)
    {
        while (_connected.TryDequeue(out var ended))
        {
            ended.Node.IsConnecting = false;
            ended.Node.Connection = ended.Connection;
            if (ended.Connection is null)
            {
                ended.Node.NotBeforeMs = nowMs + (long)_cluster.Options.RetryBackoff.TotalMilliseconds;
                _needsMetadata = true;
            }
        }
    }

    private void Send(SenderNode node, List<ProducerBatch> batches, long nowMs)
    {
        var connection = node.Connection!;
        var view = _cluster.View;
        var hasIds = batches.TrueForAll(batch => view.Topics.TryGetValue(batch.Partition.Name.Topic, out var topic) && topic.Id != Guid.Empty);
        var version = connection.Versions.Choose(ProduceRequest.Api, hasIds ? short.MaxValue : (short)(ProduceRequests.TopicIdsSince - 1));
        var inFlight = new ProduceInFlight(node, version, batches, nowMs);
        node.InFlight.Enqueue(inFlight);
        try
        {
            var request = ProduceRequests.Build(batches, view, _options.Acks, _cluster.Options.RequestTimeout);
            inFlight.Request = request;
            if (_options.Acks == Acks.None)
            {
                connection.SendUnanswered(request, version);
                Answered(inFlight);
            }
            else
            {
                _ = AwaitAsync(inFlight, connection.SendAsync<ProduceRequest, ProduceResponse>(
                    request, version, _cluster.Options.RequestTimeout, keepsFrame: false, runsInline: true, CancellationToken.None));
            }
        }
        catch (KafkaException e)
        {
            inFlight.Failure = e;
            inFlight.WasSent = false;
            Answered(inFlight);
        }
    }

    private async Task AwaitAsync(ProduceInFlight inFlight, Task<Answer<ProduceResponse>> answering)
    {
        try
        {
            inFlight.Response = (await answering.ConfigureAwait(false)).Response;
        }
        catch (KafkaException e)
        {
            inFlight.Failure = e;
        }

        Answered(inFlight);
    }

    private void Answered(ProduceInFlight inFlight)
    {
        _answers.Enqueue(inFlight);
        _wake.Set();
    }

    /// <summary>
    /// A broker that hangs keeps its connections open and answers nothing. Once the cluster has another leader for what it was
    /// sent, it is not waited for any longer than that.
    /// </summary>
    private void Suspect(SenderNode node, long nowMs)
    {
        if (!node.InFlight.TryPeek(out var oldest))
        {
            return;
        }

        if (nowMs - oldest.SentMs < SuspiciousMs)
        {
            _nextMs = Math.Min(_nextMs, oldest.SentMs + SuspiciousMs);
            return;
        }

        var view = _cluster.View;
        var hasMoved = oldest.Batches.Exists(batch =>
            view.Find(batch.Partition.Name.Topic, batch.Partition.Name.Partition) is { HasLeader: true } known && known.LeaderId != node.BrokerId);
        if (hasMoved)
        {
            BrokerHangs(node.BrokerId);
            node.Connection?.Dispose();
        }

        _needsMetadata = true;
        _nextMs = Math.Min(_nextMs, nowMs + SuspiciousMs);
    }

    private void RefreshIfNeeded()
    {
        if (_needsMetadata && !_isRefreshing)
        {
            _needsMetadata = false;
            _isRefreshing = true;
            _ = RefreshAsync(_cluster.View);
        }
    }

    private async Task RefreshAsync(ClusterView stale)
    {
        try
        {
            await _cluster.RefreshAsync(stale, _stopping.Token).ConfigureAwait(false);
        }
        catch (KafkaException e)
        {
            NoMetadata(e.Message);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        _isRefreshing = false;
        _wake.Set();
    }

    /// <summary>Nothing can be produced any more: everyone is told.</summary>
    private void GiveUpAll()
    {
        foreach (var partition in _active)
        {
            _verdicts.GiveUp(partition, _fatal!);
        }

        _active.RemoveAll(static partition => partition.TryDeactivate());
        while (_accumulator.TryTakeWaiting(out var waiting))
        {
            _topics.Add(waiting!);
        }

        foreach (var topic in _topics)
        {
            topic.GiveUpWaiting(_fatal!);
        }
    }

    [LoggerMessage(7020, LogLevel.Critical, "the producer cannot go on")]
    private partial void ProducerFailed(Exception exception);

    [LoggerMessage(7021, LogLevel.Information, "no connection to broker {Broker}: {Reason}")]
    private partial void NoConnection(int broker, string reason);

    [LoggerMessage(7022, LogLevel.Information, "the cluster's metadata could not be refreshed: {Reason}")]
    private partial void NoMetadata(string reason);

    [LoggerMessage(7023, LogLevel.Warning, "broker {Broker} does not answer, and others lead what it was sent: its connection is closed")]
    private partial void BrokerHangs(int broker);
}
