using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// One leadership of one partition: how far the followers are, what is committed, and who waits for it.
/// <code>
///  offsets   0 ........ high watermark ........ follower B ..... follower C ..... log end
///            | committed: on every replica of the ISR | appended, not yet committed      |
/// </code>
/// The high watermark is the least log end offset over the ISR; while a change of the ISR is being written, over the old and the
/// new together. It does not move while the committed ISR is smaller than <c>min.insync.replicas</c> (KIP-966).
/// </summary>
public sealed class Leadership
{
    private readonly Lock _gate = new();
    private readonly Partition _partition;
    private FollowerProgress[] _followers = [];
    private IsrMember[] _proposed = [];
    private volatile BrokerId[] _entering = [];
    private volatile PartitionState _state;
    private CommitQueue _waiting;
    private bool _hasEnded;

    internal Leadership(Partition partition, PartitionState state, long timestamp)
    {
        _partition = partition;
        _state = state;
        StartOffset = partition.Log.LogEndOffset;
        StartTimestamp = timestamp;
        UpdateFollowers(timestamp);
    }

    public LeaderEpoch Epoch => _state.LeaderEpoch;

    /// <summary>The log end offset when this leadership began.</summary>
    public long StartOffset { get; }

    /// <summary>When this leadership began, by the broker's clock.</summary>
    public long StartTimestamp { get; }

    /// <summary>The ISR that is stored holds as many replicas as <c>min.insync.replicas</c> asks for, or all there are.</summary>
    public bool HasEnoughReplicas => IsEnough(_state);

    /// <summary>Nobody else has to have a record for it to be committed.</summary>
    internal bool IsAlone => _state.Isr.Length == 1 && _proposed.Length == 0 && _entering.Length == 0;

    /// <summary>
    /// Replicas outside the ISR that have all that is committed and may enter it, as members of the life that fetches.
    /// </summary>
    /// <param name="brokers">Those that live: a fetch of an earlier life, or of a broker that is about to stop, does not count.</param>
    public IReadOnlyList<IsrMember> Candidates(ClusterView brokers)
    {
        lock (_gate)
        {
            return
            [
                .. _followers
                    .Where(follower => !_state.IsInSync(follower.Broker) && HasCommitted(follower)
                        && brokers.Find(follower.Broker) is { IsDraining: false } broker && broker.Epoch == follower.BrokerEpoch)
                    .Select(follower => new IsrMember(follower.Broker, follower.BrokerEpoch)),
            ];
        }
    }

    /// <summary>Whether the ISR may have to be written anew.</summary>
    /// <param name="caughtUpSince">As in <see cref="Lagging"/>.</param>
    public bool IsChangeDue(ClusterView brokers, long caughtUpSince) =>
        (_state.Eligible.Length > 0 && _state.Isr.Length >= _partition.MinInSyncReplicas)
        || Lagging(brokers, caughtUpSince).Count > 0
        || Candidates(brokers).Count > 0;

    /// <summary>Members of the ISR that have not been caught up for longer than <c>replica.lag.time.max.ms</c>, or that do not live.</summary>
    public IReadOnlyList<IsrMember> Lagging(ClusterView brokers, long caughtUpSince)
    {
        lock (_gate)
        {
            return [.. _state.Isr.Where(member => member.Broker != _partition.Self && !IsInStep(member, brokers, caughtUpSince))];
        }
    }

    /// <summary>How far a replica is, -1 where that is not known.</summary>
    public long LogEndOffsetOf(BrokerId broker)
    {
        lock (_gate)
        {
            return broker == _partition.Self ? _partition.Log.LogEndOffset : FollowerOf(broker)?.LogEndOffset ?? -1;
        }
    }

    /// <summary>Where a follower's log begins, as far as it said.</summary>
    public long LogStartOffsetOf(BrokerId broker)
    {
        lock (_gate)
        {
            return FollowerOf(broker)?.LogStartOffset ?? 0;
        }
    }

    /// <summary>A follower says where its log begins.</summary>
    /// <returns>Whether it is another offset than before.</returns>
    public bool NoteLogStart(BrokerId follower, long logStartOffset)
    {
        lock (_gate)
        {
            if (FollowerOf(follower) is not { } progress || progress.LogStartOffset == logStartOffset)
            {
                return false;
            }

            progress.LogStartOffset = logStartOffset;
            return true;
        }
    }

    /// <summary>The least log start offset of the replicas that live: what lies before it is gone from all of them.</summary>
    public long LowWatermark(ClusterView brokers)
    {
        lock (_gate)
        {
            var least = _partition.LogStartOffset;
            foreach (var follower in _followers)
            {
                if (follower.LogStartOffset < least && brokers.IsAlive(follower.Broker))
                {
                    least = follower.LogStartOffset;
                }
            }

            return least;
        }
    }

    /// <summary>A follower says that its log has failed: it leaves the ISR, and holds the high watermark until it has.</summary>
    /// <returns>False where it is none, or where that was in an earlier life of it.</returns>
    public bool NoteFailed(BrokerId follower, long brokerEpoch)
    {
        lock (_gate)
        {
            if (FollowerOf(follower) is not { } progress || brokerEpoch < progress.BrokerEpoch)
            {
                return false;
            }

            progress.NoteFailed(brokerEpoch);
            return true;
        }
    }

    /// <summary>When a follower last had all that the leader had, by the broker's clock; null where it is none of this partition's.</summary>
    public long? CaughtUpTimestampOf(BrokerId broker)
    {
        lock (_gate)
        {
            return FollowerOf(broker)?.CaughtUpTimestamp;
        }
    }

    /// <summary>
    /// An ISR is about to be written: until <see cref="Partition.Update"/> says what is stored, a record is committed only when the
    /// members of both have it, and of any other that was proposed since and whose write may still arrive.
    /// </summary>
    /// <returns>
    /// False where the leadership has ended, or where one that is to enter has fallen behind what is committed since it was found to
    /// be a candidate: nothing may be written.
    /// </returns>
    public bool TryPropose(IsrMember[] isr)
    {
        lock (_gate)
        {
            if (_hasEnded || Array.Exists(isr, member => !MayBeMember(member.Broker)))
            {
                return false;
            }

            _proposed = [.. _proposed, .. isr];
            return true;
        }
    }

    /// <summary>The state that is stored now. Returns those that need not wait any longer.</summary>
    internal CommitQueue Commit(PartitionState state, long timestamp)
    {
        lock (_gate)
        {
            _proposed = [];
            _state = state;

            // Either an append that comes now sees that nobody else has to have it, or this sees the append.
            Interlocked.MemoryBarrier();
            UpdateFollowers(timestamp);
            return Advance();
        }
    }

    /// <param name="isCandidate">Whether it is not in sync and has all that is committed.</param>
    internal CommitQueue NoteFetched(BrokerId follower, long brokerEpoch, long fetchOffset, long timestamp, out bool isCandidate)
    {
        isCandidate = false;
        lock (_gate)
        {
            if (FollowerOf(follower) is not { } progress || brokerEpoch < progress.BrokerEpoch)
            {
                return default;
            }

            progress.NoteFetched(brokerEpoch, fetchOffset, _partition.Log.LogEndOffset, timestamp);
            isCandidate = !_state.IsInSync(follower) && HasCommitted(progress);
            if (isCandidate && Array.IndexOf(_entering, follower) < 0)
            {
                // Until it is decided whether it enters, nothing is committed that it does not have: under a stream of appends it
                // would hardly ever have all that is.
                _entering = [.. _entering, follower];
            }

            return Advance();
        }
    }

    /// <summary>It is decided who enters the ISR: those who do not hold up nothing any more.</summary>
    internal CommitQueue EndEntering()
    {
        lock (_gate)
        {
            if (_entering.Length == 0)
            {
                return default;
            }

            _entering = [];

            // As in Commit.
            Interlocked.MemoryBarrier();
            return Advance();
        }
    }

    /// <summary>After an append that nobody else has to have: what waits is decided by whoever made the append.</summary>
    internal CommitQueue AdvanceHighWatermark()
    {
        lock (_gate)
        {
            return Advance();
        }
    }

    /// <summary>Asks for the commit of what ends with an offset.</summary>
    /// <param name="waiter">Told when the high watermark has passed the offset, or when that can no longer be told.</param>
    /// <returns>What became of it where that is known already: the waiter is not told then.</returns>
    internal ErrorCode? Await(long lastOffset, CommitWaiter waiter)
    {
        lock (_gate)
        {
            if (_hasEnded)
            {
                return ErrorCode.NotLeaderOrFollower;
            }

            if (_partition.HighWatermark > lastOffset)
            {
                return AcknowledgeCommitted();
            }

            if (!IsEnough(_state))
            {
                return ErrorCode.NotEnoughReplicasAfterAppend;
            }

            waiter.LastOffset = lastOffset;
            waiter.WaitsIn = this;
            _waiting.Add(waiter);
            return null;
        }
    }

    /// <summary>See <see cref="CommitWaiter.Forget"/>.</summary>
    internal void Forget(CommitWaiter waiter)
    {
        lock (_gate)
        {
            if (waiter.WaitsIn == this)
            {
                waiter.WaitsIn = null;
                _waiting.Remove(waiter);
            }
        }
    }

    /// <summary>From here on the high watermark stays; nothing that is still in flight moves it.</summary>
    internal void End()
    {
        lock (_gate)
        {
            _hasEnded = true;
        }
    }

    /// <summary>After <see cref="End"/>: tells those who wait.</summary>
    internal void Refuse(ErrorCode error)
    {
        CommitQueue refused;
        lock (_gate)
        {
            refused = _waiting.Decide(long.MaxValue, error);
        }

        refused.Tell(mayGoOnHere: false);
    }

    // While others are eligible they have to hold all that is committed: where min.insync.replicas was lowered, the ISR is
    // written once more, without them, before anything is committed that they do not have.
    private bool IsEnough(PartitionState state) =>
        state.Isr.Length >= Math.Min(_partition.MinInSyncReplicas, state.ReplicationFactor) && state.Eligible.Length == 0;

    private ErrorCode AcknowledgeCommitted() => IsEnough(_state) ? ErrorCode.None : ErrorCode.NotEnoughReplicasAfterAppend;

    private bool IsInStep(IsrMember member, ClusterView brokers, long caughtUpSince) =>
        brokers.Find(member.Broker) is { } broker
        && broker.DataEpoch <= member.BrokerEpoch
        && FollowerOf(member.Broker) is { HasFailed: false } follower
        && (follower.CaughtUpTimestamp >= caughtUpSince || follower.LogEndOffset >= _partition.Log.LogEndOffset);

    private bool HasCommitted(FollowerProgress follower) => follower.LogEndOffset >= Math.Max(_partition.HighWatermark, StartOffset);

    // Who is counted already holds the high watermark back; who is not may have been passed by it.
    private bool MayBeMember(BrokerId broker) =>
        broker == _partition.Self || IsMember(broker) || (FollowerOf(broker) is { } follower && HasCommitted(follower));

    private FollowerProgress? FollowerOf(BrokerId broker) => Array.Find(_followers, follower => follower.Broker == broker);

    private void UpdateFollowers(long timestamp) =>
        _followers =
        [
            .. _state.Replicas
                .Where(replica => replica != _partition.Self)
                .Select(replica => FollowerOf(replica) ?? new FollowerProgress(replica, timestamp)),
        ];

    /// <summary>Moves the high watermark as far as it may go; returns those who waited for that, or wait in vain.</summary>
    private CommitQueue Advance()
    {
        if (_hasEnded)
        {
            return default;
        }

        if (IsEnough(_state))
        {
            _partition.Log.AdvanceHighWatermark(LeastLogEndOffset());
        }

        return _waiting.Decide(IsEnough(_state) ? _partition.HighWatermark : long.MaxValue, AcknowledgeCommitted());
    }

    private long LeastLogEndOffset()
    {
        var least = _partition.Log.LogEndOffset;
        foreach (var follower in _followers)
        {
            if (IsCounted(follower.Broker))
            {
                least = Math.Min(least, follower.LogEndOffset);
            }
        }

        return least;
    }

    // A member that is also a candidate of a later life of its broker is counted all the same.
    private bool IsCounted(BrokerId broker) => IsMember(broker) || Array.IndexOf(_entering, broker) >= 0;

    private bool IsMember(BrokerId broker) => _state.IsInSync(broker) || Array.Exists(_proposed, member => member.Broker == broker);
}
