using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// All replicas of one broker: opens their logs, leads and follows as the partitions' documents say, and answers its peers about
/// them.
/// <list type="bullet">
/// <item><see cref="ReplicaRoles"/>: the part that a replica plays.</item>
/// <item><see cref="LeaderElections"/>: who leads when a leader is gone.</item>
/// <item><see cref="LeadershipHandOver"/>: who leads when a leader is about to go.</item>
/// <item><see cref="IsrUpkeep"/>: who is in sync.</item>
/// <item><see cref="FailedFollowers"/>: who is not, as its log has failed.</item>
/// <item><see cref="ReassignmentExecution"/>: who holds a partition.</item>
/// <item><see cref="PreferredLeaders"/>: who leads when all is well.</item>
/// <item><see cref="AnnouncementExchange"/>: how the others hear of it.</item>
/// </list>
/// </summary>
public sealed class BrokerReplicas : IPartitionHost, IAsyncDisposable
{
    private const int ReadsAtOnceMax = 64;
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly ReplicaServices _services;
    private readonly ILogger _logger;
    private readonly ReplicaSet _replicas = new();
    private readonly Announcements _announcements;
    private readonly AnnouncementExchange _exchange;
    private readonly ReplicaFetchers _fetchers;
    private readonly PartitionDocumentStore _documents;
    private readonly ReplicaRoles _roles;
    private readonly ReplicaOpening _opening;
    private readonly IsrUpkeep _isr;
    private readonly LeaderElections _elections;
    private readonly LeadershipHandOver _handOver;
    private readonly FailedFollowers _failed;
    private readonly ReassignmentExecution _reassignments;
    private readonly InternalTopicGrowth _growth;
    private readonly PreferredLeaders _preferredLeaders;
    private readonly WakeUp _electionsDue;
    private readonly WakeUp _sweepDue;
    private readonly Lock _topics = new();
    private readonly ArrivingStates _arriving = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _loops = [];
    private IDisposable? _membership;
    private volatile bool _isStarted;

    public BrokerReplicas(ReplicaServices services)
    {
        _services = services;
        _logger = services.Loggers.CreateLogger<BrokerReplicas>();
        _announcements = new Announcements(services.Self.Id, services.Self.Epoch);
        _exchange = new AnnouncementExchange(services, _announcements, Hear);
        _announcements.Noted = _exchange.Push;
        _fetchers = new ReplicaFetchers(services);
        _documents = new PartitionDocumentStore(services.Documents, services.Random);
        _roles = new ReplicaRoles(services, _fetchers, _announcements);
        _isr = new IsrUpkeep(services, _replicas, _documents, _roles);
        _opening = new ReplicaOpening(services, _replicas, _roles, _isr);
        _elections = new LeaderElections(services, _replicas, _documents, _roles);
        _handOver = new LeadershipHandOver(services, _replicas);
        _failed = new FailedFollowers(services, _replicas, _fetchers, _isr);
        _reassignments = new ReassignmentExecution(services, _replicas, _isr);
        _growth = new InternalTopicGrowth(services, _replicas, _reassignments);
        _preferredLeaders = new PreferredLeaders(services, _replicas, _elections);
        _electionsDue = new WakeUp(services.Clock);
        _sweepDue = new WakeUp(services.Clock);
    }

    /// <summary>Called after a partition began to lead, ended to, or was closed. Two calls for one partition may come out of order: what counts is what the partition is when it is called.</summary>
    public Action<Partition>? RoleChanged
    {
        get => _roles.Changed;
        set => _roles.Changed = value;
    }

    /// <summary>Called after a topic is gone, for those who keep something about it (committed offsets).</summary>
    public Action<TopicImage>? TopicDeleted { get; set; }

    /// <summary>Opens the replicas of the topics in the image and takes this broker's part in each.</summary>
    /// <exception cref="IOException">The documents cannot be read.</exception>
    public async ValueTask StartAsync(CancellationToken cancellation)
    {
        var topics = _services.Metadata.Current.Topics.ToArray();
        foreach (var topic in topics)
        {
            await ServeAsync(topic, isNew: false, cancellation);
        }

        _isStarted = true;
        _services.Logs.MarkRunning();
        _opening.WarnOfStrayLogs();
        _membership = _services.Membership.Subscribe(_ => OnMembershipChanged());
        _loops.Add(RunAsync("elections", ElectAsync));
        _loops.Add(RunAsync("replicas", SweepAsync));
        _loops.Add(RunAsync("in-sync replicas", _isr.RunAsync));
        _loops.Add(RunAsync("preferred leaders", _preferredLeaders.RunAsync));
        _loops.Add(RunAsync("announcements", _exchange.RunPushesAsync));
        _loops.Add(RunAsync("announcements of others", _exchange.RunPullsAsync));
    }

    /// <summary>Hands every leadership over that another in-sync replica can take; what is left is led until the end.</summary>
    public ValueTask DrainAsync(CancellationToken cancellation) => _handOver.DrainAsync(cancellation);

    public ValueTask TopicCreatedAsync(TopicImage topic) => ServeAsync(topic, isNew: true, _stopping.Token);

    public ValueTask PartitionsAddedAsync(TopicImage topic, int firstPartition) => ServeAsync(topic, isNew: true, _stopping.Token);

    public ValueTask TopicDeletedAsync(TopicImage topic)
    {
        lock (_topics)
        {
            _opening.Remove(topic);
        }

        TopicDeleted?.Invoke(topic);

        return ValueTask.CompletedTask;
    }

    public ValueTask TopicConfigChangedAsync(TopicImage topic)
    {
        _opening.Configure(topic);
        _isr.QueueChanged();
        return ValueTask.CompletedTask;
    }

    public ValueTask BrokerConfigChangedAsync(BrokerConfig config)
    {
        foreach (var topic in _services.Metadata.Current.Topics)
        {
            _opening.Configure(topic);
        }

        _isr.QueueChanged();
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Stores another state of a partition that this broker leads, by compare-and-swap; <paramref name="change"/> may be called more
    /// than once, and answers null where there is nothing to do.
    /// </summary>
    /// <returns>None, UNKNOWN_TOPIC_OR_PARTITION, or NOT_LEADER_OR_FOLLOWER where this broker does not lead, or the outcome is not known.</returns>
    public async ValueTask<ErrorCode> AlterAsync(ReplicaKey key, Func<PartitionState, PartitionState?> change, CancellationToken cancellation)
    {
        if (_replicas.Find(key) is not { } replica)
        {
            return ErrorCode.UnknownTopicOrPartition;
        }

        return await _isr.AlterAsync(replica, change, cancellation) ? ErrorCode.None : ErrorCode.NotLeaderOrFollower;
    }

    /// <summary>Stands for partitions that another broker leads, or that nobody can lead without loss.</summary>
    public ValueTask<IReadOnlyList<ErrorCode>> TakeLeadershipAsync(IReadOnlyList<ReplicaKey> keys, ElectionKind kind) =>
        _elections.TakeAsync(keys, kind, _stopping.Token);

    /// <summary>Moves partitions that this broker leads to other replicas, or cancels such moves.</summary>
    public ValueTask<IReadOnlyList<AlteredReassignment>> AlterReassignmentsAsync(AlterReassignments request) => _reassignments.AlterAsync(request, _stopping.Token);

    /// <summary>Begins moves that the cluster decided by itself, of partitions that this broker leads.</summary>
    public ValueTask<IReadOnlyList<AlteredReassignment>> MoveReplicasAsync(MoveReplicas request) => _reassignments.MoveAsync(request, _stopping.Token);

    /// <summary>What this broker knows of some of its replicas.</summary>
    public IReadOnlyList<DescribedReplica> Describe(IReadOnlyList<ReplicaKey> keys) =>
    [
        .. keys.Select(key => _replicas.Find(key) is { } replica
            ? new DescribedReplica(key, LeaderElections.EndOf(replica), replica.Partition.State)
            : new DescribedReplica(key, null, null)),
    ];

    /// <summary>What this broker announced after a version of one of its lives.</summary>
    public Announcement AnnouncedSince(long brokerEpoch, long version) => _announcements.Since(brokerEpoch, version);

    /// <summary>A follower's logs have failed of partitions that this broker leads.</summary>
    public void NoteFailed(ReportFailedReplicas report) => _failed.Note(report);

    /// <summary>Another broker announced something.</summary>
    public void Hear(Announcement news)
    {
        lock (_topics)
        {
            _services.Metadata.Change(image => image.Merge(news.States));
            foreach (var state in news.States)
            {
                Hear(state);
            }

            _announcements.NoteHeard(news);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _membership?.Dispose();
        _stopping.Cancel();
        await Task.WhenAll(_loops);
        await _elections.EndAsync();
        await _isr.EndAsync();
        await _fetchers.DisposeAsync();
        _stopping.Dispose();
    }

    private void Hear(PartitionState state)
    {
        var key = new ReplicaKey(state.TopicId, state.Partition);
        if (_services.Metadata.Current.Find(state.TopicId) is not { } topic || state.Partition >= topic.Partitions.Length)
        {
            // The catalog has told others of the topic before it told this broker.
            _arriving.Note(state);
            return;
        }

        if (_replicas.Find(key) is { } replica)
        {
            _roles.Hear(replica, state);
            RemoveIfMovedAway(replica);
        }
        else if (topic.Partitions[state.Partition] is var known && known.LeaderEpoch == state.LeaderEpoch && known.PartitionEpoch == state.PartitionEpoch)
        {
            // The newest that is known, not what an earlier leader still tells: the partition may have moved on from here.
            _opening.Open(topic, [state], isNew: _isStarted);
        }
    }

    private void RemoveIfMovedAway(Replica replica)
    {
        if (Array.IndexOf(replica.Partition.State.Replicas, _services.Self.Id) < 0 && _services.Metadata.Current.Find(replica.Key.TopicId) is { } topic)
        {
            _opening.Remove(replica, topic);
        }
    }

    private void OpenMissed()
    {
        // A topic that is deleted meanwhile is gone when this is done.
        lock (_topics)
        {
            _opening.OpenMissed();
        }
    }

    private void RemoveMovedAway()
    {
        lock (_topics)
        {
            foreach (var replica in _replicas.All)
            {
                RemoveIfMovedAway(replica);
            }
        }
    }

    /// <summary>Reads what stands in the documents, opens what is this broker's, and shows the topic.</summary>
    private async ValueTask ServeAsync(TopicImage topic, bool isNew, CancellationToken cancellation)
    {
        lock (_topics)
        {
            _arriving.Begin(topic.Id);
        }

        try
        {
            var states = new PartitionState?[topic.Partitions.Length];
            await Concurrently.ForEachAsync([.. Enumerable.Range(0, states.Length)], ReadsAtOnceMax, async partition =>
                states[partition] = await _documents.PeekAsync(new ReplicaKey(topic.Id, partition), cancellation));
            lock (_topics)
            {
                Place(topic, states, isNew);
            }
        }
        finally
        {
            lock (_topics)
            {
                _arriving.End(topic.Id);
            }
        }
    }

    private void Place(TopicImage topic, PartitionState?[] states, bool isNew)
    {
        if (!isNew)
        {
            // The topics of the start are in the image already: one may have been deleted, or have got more partitions, since.
            if (_services.Metadata.Current.Find(topic.Id) is not { } current)
            {
                return;
            }

            topic = current;
        }

        var placed = states.Select((state, partition) => _arriving.Newest(state ?? _opening.SoleState(topic, partition), new ReplicaKey(topic.Id, partition))).OfType<PartitionState>().ToArray();
        _opening.Open(topic, placed, isNew);
        _services.Metadata.Change(image => (isNew ? image.With([topic]) : image).Merge(placed));
    }

    private void OnMembershipChanged()
    {
        _isr.QueueChanged();
        _electionsDue.Call();
        _sweepDue.Call();
    }

    // By themselves: nothing that takes long holds them up.
    private async Task ElectAsync(CancellationToken stopping)
    {
        while (true)
        {
            await _elections.SweepAsync(stopping);
            await _electionsDue.SleepAsync(SweepInterval, stopping);
        }
    }

    private async Task SweepAsync(CancellationToken stopping)
    {
        while (true)
        {
            await _handOver.HandOverAsync(_replicas.All.Where(replica => replica.Partition.IsLeader && replica.Partition.Log.IsFailed).Select(replica => replica.Partition.State), stopping);
            await _handOver.HandOverAsync(_opening.Missed.Where(_roles.IsMine), stopping);
            await _failed.SweepAsync(stopping);
            await _reassignments.SweepAsync(stopping);
            await _growth.SweepAsync(stopping);
            _isr.QueueUncertain();
            _isr.Verify(stopping);
            RemoveMovedAway();
            OpenMissed();
            await _sweepDue.SleepAsync(SweepInterval, stopping);
        }
    }

    private async Task RunAsync(string job, Func<CancellationToken, Task> run)
    {
        await Task.Yield();
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await run(_stopping.Token);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                ReplicationLog.JobFailed(_logger, job, e);
                await Task.Delay(SweepInterval, _services.Clock, CancellationToken.None);
            }
        }
    }
}
