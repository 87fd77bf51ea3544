using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Server.Handlers;

namespace OrleansBroker.Server.Fetching;

/// <summary>
/// One partition of a fetch: what is asked of it, what was read, and, in a session, what the client was told last. Sessions
/// keep theirs; other fetches use those of their connection again and again.
/// </summary>
internal sealed class FetchedPartition
{
    private const long Unknown = -1;

    private Partition? _partition;
    private long _fetchOffset;
    private int _bytesMax;
    private int _currentLeaderEpoch;
    private int _lastFetchedEpoch;
    private long _replicaLogStartOffset;
    private bool _isAsked;

    private long _toldHighWatermark = Unknown;
    private long _toldLogStartOffset = Unknown;

    public FetchKey Key { get; private set; }

    /// <summary>The place in its session's list.</summary>
    public int Place { get; set; }

    /// <summary>What tells a follower's session of the partition. The session's, as the next two.</summary>
    public PartitionWatch? Watch { get; set; }

    public bool IsTouched { get; set; }

    public bool IsLookedAt { get; set; }

    /// <summary>The partition, where there is one.</summary>
    public Partition? Partition => _partition;

    public ErrorCode Error { get; private set; }

    public RecordSet Records { get; private set; }

    public FetchResponse.EpochEndOffset? DivergingEpoch { get; private set; }

    /// <summary>Whom a consumer should read from, or none.</summary>
    public BrokerId PreferredReadReplica { get; private set; } = BrokerId.None;

    public long HighWatermark { get; private set; }

    public long LastStableOffset { get; private set; }

    public long LogStartOffset { get; private set; }

    /// <summary>There was no room for records that are there.</summary>
    public bool IsLeftOut { get; private set; }

    /// <summary>Whether the client has to hear of it at once, even where there are no records.</summary>
    public bool IsUrgent => Error != ErrorCode.None || DivergingEpoch is not null || PreferredReadReplica != BrokerId.None;

    public bool HasNewHighWatermark => HighWatermark != _toldHighWatermark;

    /// <summary>Records were deleted since the client was last told where the log begins.</summary>
    public bool HasNewLogStart => _toldLogStartOffset != Unknown && LogStartOffset > _toldLogStartOffset;

    /// <summary>Whether there is anything that the session's client was not told yet.</summary>
    public bool HasNews => IsUrgent || Records.Length > 0 || HasNewHighWatermark || LogStartOffset != _toldLogStartOffset;

    /// <summary>Makes it another partition.</summary>
    public void Be(in FetchKey key)
    {
        if (Key != key)
        {
            Key = key;
            _partition = null;
        }

        _toldHighWatermark = Unknown;
        _toldLogStartOffset = Unknown;
    }

    /// <summary>Takes over what a request asks.</summary>
    public void Ask(in FetchRequest.FetchPartition asked)
    {
        _fetchOffset = asked.FetchOffset;
        _bytesMax = asked.PartitionMaxBytes;
        _currentLeaderEpoch = asked.CurrentLeaderEpoch;
        _lastFetchedEpoch = asked.LastFetchedEpoch;
        _replicaLogStartOffset = asked.LogStartOffset;
        _isAsked = true;
    }

    /// <summary>Finds the partition if it was not found yet, or is not there any more.</summary>
    /// <returns>Whether it is another one than before.</returns>
    public bool Find(in FetchScope scope)
    {
        if (_partition is { IsClosed: false })
        {
            Error = ErrorCode.None;
            return false;
        }

        var before = _partition;
        Error = Key.TopicId == Guid.Empty && Key.Topic.Length > 0
            ? scope.Broker.Lookup(Key.Topic, Key.Partition, out _partition)
            : scope.Broker.Lookup(Key.TopicId, Key.Partition, out _partition);
        return _partition != before;
    }

    /// <summary>After <see cref="Find"/>: reads as far as the request and the partition allow.</summary>
    /// <param name="bytesMax">What the response has room for.</param>
    /// <param name="atLeastOneBatch">Whether a first batch that is larger is read all the same.</param>
    public void Read(in FetchScope scope, int bytesMax, bool atLeastOneBatch)
    {
        Records = RecordSet.Empty;
        DivergingEpoch = null;
        PreferredReadReplica = BrokerId.None;
        IsLeftOut = false;
        HighWatermark = Unknown;
        if (Error == ErrorCode.None)
        {
            bytesMax = Math.Min(bytesMax, _bytesMax);
            Error = scope.Sender.IsReplica
                ? ReadForReplica(_partition!, scope, bytesMax, atLeastOneBatch)
                : ReadForConsumer(_partition!, scope, bytesMax, atLeastOneBatch);
        }

        var isKnown = Error == ErrorCode.None;
        HighWatermark = !isKnown ? Unknown : HighWatermark != Unknown ? HighWatermark : _partition!.HighWatermark;
        LastStableOffset = isKnown ? _partition!.LastStableOffset : Unknown;
        LogStartOffset = isKnown ? _partition!.LogStartOffset : Unknown;
    }

    /// <summary>The client is about to be told. After an error it is told again next time, whether or not the error has gone.</summary>
    public void Told()
    {
        _toldHighWatermark = IsUrgent ? Unknown : HighWatermark;
        _toldLogStartOffset = LogStartOffset;
        Records = RecordSet.Empty;
    }

    private ErrorCode ReadForConsumer(Partition partition, in FetchScope scope, int bytesMax, bool atLeastOneBatch)
    {
        var leading = partition.Leadership;
        var error = partition.CheckEpoch(_currentLeaderEpoch);
        if (error == ErrorCode.None && leading is null && !scope.Sender.MayReadFollowers)
        {
            error = ErrorCode.NotLeaderOrFollower;
        }

        // A follower whose log ends earlier may merely be behind: only the leader can tell that the consumer's has parted from it.
        if (error == ErrorCode.None && _lastFetchedEpoch >= 0 && leading is not null)
        {
            error = CompareEpochs(partition);
        }

        if (error != ErrorCode.None || DivergingEpoch is not null)
        {
            return error;
        }

        if (leading is not null && scope.Sender.Rack.Length > 0 && _fetchOffset >= partition.LogStartOffset)
        {
            PreferredReadReplica = ClosestReplica.Find(partition, leading, scope.Broker.Membership.Current, scope.Sender.Rack, _fetchOffset);
        }

        return PreferredReadReplica != BrokerId.None ? ErrorCode.None : ReadRecords(partition, partition.HighWatermark, bytesMax, atLeastOneBatch);
    }

    /// <summary>Only the leader answers replicas, and what it learns from their fetches counts for the leadership that it checked them against.</summary>
    private ErrorCode ReadForReplica(Partition partition, in FetchScope scope, int bytesMax, bool atLeastOneBatch)
    {
        if (partition.Leadership is not { } leading)
        {
            return partition.CheckLeader(_currentLeaderEpoch);
        }

        var error = CheckReplica(partition, leading, scope.Sender);
        if (error == ErrorCode.None && _lastFetchedEpoch >= 0)
        {
            error = CompareEpochs(partition);
        }

        if (error != ErrorCode.None || DivergingEpoch is not null)
        {
            return error;
        }

        if (_fetchOffset < partition.LogStartOffset || _fetchOffset > partition.Log.LogEndOffset)
        {
            return ErrorCode.OffsetOutOfRange;
        }

        if (scope.IsNew
            && partition.NoteFetched(leading, scope.Sender.Replica, scope.Sender.BrokerEpoch, _fetchOffset, scope.Sender.Timestamp, ref scope.Context.Decided))
        {
            scope.Context.NotifyCommittedAfterResponse(partition);
        }

        if (_isAsked)
        {
            partition.NoteLogStart(leading, scope.Sender.Replica, _replicaLogStartOffset);
            _isAsked = false;
        }

        // Told with the records that are read after it: a later leadership's may lie beyond what those have in common with its log.
        HighWatermark = partition.HighWatermark;
        if (partition.IsThrottled(scope.Sender.Replica))
        {
            IsLeftOut = _fetchOffset < partition.Log.LogEndOffset;
            return ErrorCode.None;
        }

        error = ReadRecords(partition, partition.Log.LogEndOffset, bytesMax, atLeastOneBatch);
        if (partition.Leadership != leading)
        {
            Records = RecordSet.Empty;
            return ErrorCode.NotLeaderOrFollower;
        }

        partition.Throttles.RecordSent(partition.State, scope.Sender.Replica, Records.Length);
        return error;
    }

    private ErrorCode CheckReplica(Partition partition, Leadership leading, in FetchSender sender)
    {
        if (_currentLeaderEpoch >= 0 && _currentLeaderEpoch != leading.Epoch.Value)
        {
            return _currentLeaderEpoch < leading.Epoch.Value ? ErrorCode.FencedLeaderEpoch : ErrorCode.UnknownLeaderEpoch;
        }

        var state = partition.State;
        if (Array.IndexOf(state.Replicas, sender.Replica) < 0)
        {
            // It may be about to be added: it knows the leader's epoch, and the leader does not know of it yet.
            return _currentLeaderEpoch >= 0 ? ErrorCode.UnknownLeaderEpoch : ErrorCode.NotLeaderOrFollower;
        }

        return sender.IsStale || IsOfEarlierLife(state, sender) ? ErrorCode.NotLeaderOrFollower : ErrorCode.None;
    }

    private static bool IsOfEarlierLife(PartitionState state, in FetchSender sender)
    {
        foreach (var member in state.Isr)
        {
            if (member.Broker == sender.Replica)
            {
                return sender.BrokerEpoch >= 0 && member.BrokerEpoch > sender.BrokerEpoch;
            }
        }

        return false;
    }

    private ErrorCode ReadRecords(Partition partition, long limit, int bytesMax, bool atLeastOneBatch)
    {
        // Most partitions of a large session have nothing new: they cost no more than this.
        if (_fetchOffset == limit && _fetchOffset >= partition.LogStartOffset)
        {
            return ErrorCode.None;
        }

        if (bytesMax <= 0 && !atLeastOneBatch)
        {
            var isInRange = _fetchOffset >= partition.LogStartOffset && _fetchOffset <= partition.Log.LogEndOffset;
            IsLeftOut = isInRange && _fetchOffset < limit;
            return isInRange ? ErrorCode.None : ErrorCode.OffsetOutOfRange;
        }

        var read = partition.Log.Read(_fetchOffset, Math.Max(bytesMax, 0), limit, atLeastOneBatch);
        if (read.Error == ErrorCode.None)
        {
            Records = read.Records.IsNull ? RecordSet.Empty : read.Records;
            IsLeftOut = Records.Length == 0 && _fetchOffset < limit;
        }

        return read.Error;
    }

    /// <summary>Finds out whether the fetcher's log parted from this one below its fetch offset (KIP-595).</summary>
    private ErrorCode CompareEpochs(Partition partition)
    {
        var end = partition.Log.EndOffsetFor(new LeaderEpoch(_lastFetchedEpoch));
        if (end.EndOffset < 0 || end.Epoch.Value < 0 || _fetchOffset < partition.LogStartOffset)
        {
            return ErrorCode.OffsetOutOfRange;
        }

        if (end.Epoch.Value < _lastFetchedEpoch || end.EndOffset < _fetchOffset)
        {
            DivergingEpoch = new FetchResponse.EpochEndOffset { Epoch = end.Epoch.Value, EndOffset = end.EndOffset };
        }

        return ErrorCode.None;
    }
}
