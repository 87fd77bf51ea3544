using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Storage;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Opens and closes the logs behind this broker's replicas. A replica whose log cannot be opened is offline and tried again; the
/// others serve.
/// </summary>
internal sealed class ReplicaOpening(ReplicaServices services, ReplicaSet replicas, ReplicaRoles roles, IsrUpkeep isr)
{
    private readonly ILogger _logger = services.Loggers.CreateLogger<BrokerReplicas>();
    private readonly ReplicationQuota _leaderQuota = new(services.Clock, () => services.Config.Current.LeaderReplicationThrottledRate);
    private readonly ReplicationQuota _followerQuota = new(services.Clock, () => services.Config.Current.FollowerReplicationThrottledRate);
    private readonly ReplicationQuota _movesLeaderQuota = new(services.Clock, () => services.Config.Current.AutoRebalanceThrottledRate);
    private readonly ReplicationQuota _movesFollowerQuota = new(services.Clock, () => services.Config.Current.AutoRebalanceThrottledRate);
    private readonly Lock _gate = new();
    private readonly Dictionary<ReplicaKey, (PartitionState State, bool IsNew)> _missed = [];

    /// <summary>The state of a partition whose only replica is this broker's and that has no document; its epoch is its log's (docs/adr/0001). Null for any other.</summary>
    public PartitionState? SoleState(TopicImage topic, int partition)
    {
        var image = topic.Partitions[partition];
        return image.Replicas is [var only] && only == services.Self.Id
            ? new PartitionState
            {
                TopicId = topic.Id,
                Partition = partition,
                Replicas = image.Replicas,
                Leader = only,
                LeaderEpoch = LeaderEpoch.None,
                Isr = [new IsrMember(only, services.Self.Epoch)],
            }
            : null;
    }

    /// <summary>Opens those of these partitions that this broker holds and that are not open yet, and has them take their parts.</summary>
    /// <param name="isNew">They were created while this process runs: a log of an unknown topic that is there is not theirs.</param>
    public void Open(TopicImage topic, IReadOnlyList<PartitionState> states, bool isNew)
    {
        var opened = new List<Replica>();
        lock (_gate)
        {
            foreach (var state in states)
            {
                var key = new ReplicaKey(state.TopicId, state.Partition);
                if (Array.IndexOf(state.Replicas, services.Self.Id) < 0)
                {
                    LeaveMoved(new TopicPartition(topic.Name, key.Partition), key, state);
                }
                else if (replicas.Find(key) is null && TryOpen(topic, key, state, isNew) is { } replica)
                {
                    opened.Add(replica);
                }
            }

            replicas.AddRange(opened);
            Show(topic);
        }
    }

    /// <summary>What could not be opened, in the order of the keys.</summary>
    public IReadOnlyList<PartitionState> Missed
    {
        get
        {
            lock (_gate)
            {
                return [.. _missed.OrderBy(each => each.Key).Select(each => each.Value.State)];
            }
        }
    }

    /// <summary>Opens what could not be opened before, for want of room on the disk as a rule.</summary>
    public void OpenMissed()
    {
        (PartitionState State, bool IsNew)[] missed;
        lock (_gate)
        {
            missed = [.. _missed.Values];
        }

        foreach (var (state, isNew) in missed)
        {
            if (services.Metadata.Current.Find(state.TopicId) is { } topic)
            {
                Open(topic, [state], isNew);
            }
        }
    }

    public void Configure(TopicImage topic)
    {
        var log = TopicConfigs.ToLogConfig(topic.Configs, services.Config.Current);
        var (minInSyncReplicas, allowsUncleanElection) = TopicConfigs.ToReplicationConfig(topic.Configs, services.Config.Current);
        for (var partition = 0; partition < topic.Partitions.Length; partition++)
        {
            if (replicas.Find(new ReplicaKey(topic.Id, partition)) is { } replica)
            {
                replica.Partition.Configure(log, minInSyncReplicas, allowsUncleanElection);
                Throttle(replica.Partition, topic);
            }
        }
    }

    /// <summary>The topic is gone.</summary>
    public void Remove(TopicImage topic)
    {
        lock (_gate)
        {
            services.Partitions.Remove(topic.Name, topic.Id);
            for (var partition = 0; partition < topic.Partitions.Length; partition++)
            {
                var key = new ReplicaKey(topic.Id, partition);
                _missed.Remove(key);
                if (replicas.Find(key) is { } replica)
                {
                    Close(replica);
                }
            }
        }
    }

    /// <summary>The replica was moved to another broker.</summary>
    public void Remove(Replica replica, TopicImage topic)
    {
        lock (_gate)
        {
            Close(replica);
            Show(topic);
        }
    }

    /// <summary>A deletion that a crash interrupted leaves one, and so do documents that were lost: only the operator knows whether its records are still wanted.</summary>
    public void WarnOfStrayLogs()
    {
        foreach (var log in services.Logs.Logs.Where(log => replicas.Find(new ReplicaKey(log.TopicId, log.Partition.Partition))?.Partition.Log != log))
        {
            ReplicationLog.StrayLog(_logger, log.Directory);
        }
    }

    /// <summary>
    /// The partition is not here: it may have been moved while this broker was down. A log that knows a later leader than the state
    /// does is kept, as the document store may have forgotten who holds the partition.
    /// </summary>
    private void LeaveMoved(TopicPartition name, ReplicaKey key, PartitionState state)
    {
        _missed.Remove(key);
        if (replicas.Find(key) is null && services.Logs.Find(name) is { } log && log.TopicId == key.TopicId && log.Epochs.Latest <= state.LeaderEpoch)
        {
            ReplicationLog.MovedAway(_logger, name, string.Join(",", state.Replicas));
            services.Logs.DeleteLog(name);
        }
    }

    private void Close(Replica replica)
    {
        replicas.Remove(replica.Key);
        roles.Close(replica);
        services.Logs.DeleteLog(replica.Partition.Name);
    }

    private void Show(TopicImage topic)
    {
        var partitions = new Partition?[topic.Partitions.Length];
        for (var i = 0; i < partitions.Length; i++)
        {
            partitions[i] = replicas.Find(new ReplicaKey(topic.Id, i))?.Partition;
        }

        services.Partitions.Set(topic.Name, topic.Id, partitions);
    }

    private Replica? TryOpen(TopicImage topic, ReplicaKey key, PartitionState state, bool isNew)
    {
        var name = new TopicPartition(topic.Name, key.Partition);
        try
        {
            var replica = new Replica(key, OpenPartition(name, topic, state, isNew));
            replica.Partition.CaughtUp = _ => isr.Queue(replica);
            var known = state.LeaderEpoch == LeaderEpoch.None ? state with { LeaderEpoch = SoleEpoch(replica.Partition.Log, isNew) } : state;
            roles.Take(replica, known);
            _missed.Remove(key);
            return replica;
        }
        catch (IOException e)
        {
            // The newest that is known: an older one may name this broker as the leader that it is no more.
            if (!_missed.TryGetValue(key, out var missed))
            {
                ReplicationLog.Offline(_logger, name, e.Message);
                _missed.Add(key, (state, isNew));
            }
            else if (state.IsNewerThan(missed.State.LeaderEpoch, missed.State.PartitionEpoch))
            {
                _missed[key] = missed with { State = state };
            }

            return null;
        }
    }

    private Partition OpenPartition(TopicPartition name, TopicImage topic, PartitionState state, bool isNew)
    {
        if (isNew && services.Logs.Find(name)?.TopicId == Guid.Empty)
        {
            // Left by an earlier topic of this name; the log itself cannot tell any more.
            services.Logs.DeleteLog(name);
        }

        var config = TopicConfigs.ToLogConfig(topic.Configs, services.Config.Current);
        var log = services.Logs.OpenLog(name, topic.Id, config);
        var before = state with { Leader = BrokerId.None, LeaderEpoch = LeaderEpoch.None, PartitionEpoch = -1 };
        var partition = new Partition(services.Self.Id, log, before, topic.IsInternal, services.Flushes);
        var (minInSyncReplicas, allowsUncleanElection) = TopicConfigs.ToReplicationConfig(topic.Configs, services.Config.Current);
        partition.Configure(config, minInSyncReplicas, allowsUncleanElection);
        partition.Throttles.SetMoves(_movesLeaderQuota, _movesFollowerQuota);
        Throttle(partition, topic);
        return partition;
    }

    private void Throttle(Partition partition, TopicImage topic) => partition.Throttles.SetNamed(
        IsNamed(ThrottledReplicas.OfLeaders, partition, topic) ? _leaderQuota : null,
        IsNamed(ThrottledReplicas.OfFollowers, partition, topic) ? _followerQuota : null);

    private bool IsNamed(string config, Partition partition, TopicImage topic) =>
        ThrottledReplicas.Has(topic.Configs, config, partition.Name.Partition, services.Self.Id);

    /// <summary>The only replica leads under its log's last epoch after a clean stop, under a new one otherwise (docs/adr/0001).</summary>
    private LeaderEpoch SoleEpoch(PartitionLog log, bool isNew)
    {
        // An unclean stop may have taken all of a log; it had its first epoch.
        var known = Math.Max(log.Epochs.Latest.Value, 0);
        return new LeaderEpoch(isNew || services.Logs.WasCleanStop ? known : known + 1);
    }
}
