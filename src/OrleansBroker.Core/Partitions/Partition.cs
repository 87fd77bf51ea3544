using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Storage;

namespace OrleansBroker.Core.Partitions;

/// <summary>
/// A partition on the broker that leads it: appends to the log, moves the high watermark, and says when an append may be
/// acknowledged. The produce and fetch paths run through here, so this is straight code over Storage and not a machine.
/// </summary>
/// <remarks>
/// The high watermark is the least log end offset over the in-sync replicas. With this broker as the only replica that is its
/// own log end offset, so that every append commits at once.
/// </remarks>
public sealed class Partition
{
    private readonly AppendListeners _listeners = new();
    private readonly IFlushQueue _flushes;

    /// <param name="leaderEpoch">The epoch of this leadership, which the log has recorded (<see cref="PartitionLog.BeginLeadership"/>).</param>
    public Partition(PartitionLog log, LeaderEpoch leaderEpoch, bool isInternal, IFlushQueue flushes)
    {
        Log = log;
        LeaderEpoch = leaderEpoch;
        IsInternal = isInternal;
        _flushes = flushes;
    }

    public TopicPartition Name => Log.Partition;

    public Guid TopicId => Log.TopicId;

    public PartitionLog Log { get; }

    public LeaderEpoch LeaderEpoch { get; }

    /// <summary>Whether the topic is one of the broker's own (<c>__consumer_offsets</c>), which clients may not write to.</summary>
    public bool IsInternal { get; }

    /// <summary>Set when the topic has been deleted: whoever still holds the partition is told that it is not there.</summary>
    public bool IsClosed { get; private set; }

    public long LogStartOffset => Log.LogStartOffset;

    public long HighWatermark => Log.HighWatermark;

    /// <summary>The first offset that a read_committed consumer may not read yet. Without transactions that is the high watermark.</summary>
    public long LastStableOffset => Log.HighWatermark;

    /// <summary>Compares the leader epoch that a client believes in (-1: none) with this leadership's (KIP-320).</summary>
    public ErrorCode CheckEpoch(int currentLeaderEpoch)
    {
        if (currentLeaderEpoch < 0 || currentLeaderEpoch == LeaderEpoch.Value)
        {
            return ErrorCode.None;
        }

        return currentLeaderEpoch < LeaderEpoch.Value ? ErrorCode.FencedLeaderEpoch : ErrorCode.UnknownLeaderEpoch;
    }

    /// <summary>
    /// Appends record batches and moves the high watermark. Nobody is woken yet: the caller does that with
    /// <see cref="NotifyAppended"/>, after it has answered its own client.
    /// </summary>
    /// <param name="batches">One or more whole record batches in writable memory, which are stamped in place.</param>
    public AppendResult Append(Span<byte> batches, AppendOrigin origin, long nowMs)
    {
        if (IsClosed)
        {
            return new AppendResult { Error = ErrorCode.UnknownTopicOrPartition, BaseOffset = -1, LastOffset = -1, LogAppendTimeMs = -1, LogStartOffset = -1 };
        }

        var result = Log.Append(batches, new AppendOptions { Epoch = LeaderEpoch, NowMs = nowMs, Origin = origin });
        if (result.Error == ErrorCode.None)
        {
            Log.AdvanceHighWatermark(Log.LogEndOffset);
        }

        return result;
    }

    /// <summary>Wakes the long polls that wait for records of this partition.</summary>
    public void NotifyAppended() => _listeners.Notify(this);

    /// <summary>
    /// Completes, as a rule at once, when what was appended may be acknowledged: the flush that the topic asks for with
    /// <c>flush.messages</c> or <c>flush.ms</c> has been done. A duplicate waits for the same as the original did.
    /// </summary>
    public ValueTask<ErrorCode> Committed(in AppendResult appended)
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

    /// <summary>Reads whole batches up to the high watermark.</summary>
    /// <param name="bytesMax">The most bytes to return, which a first batch larger than that exceeds where <paramref name="atLeastOneBatch"/> is set.</param>
    public ReadResult Read(long offset, int bytesMax, bool atLeastOneBatch) =>
        Log.Read(offset, bytesMax, Log.HighWatermark, atLeastOneBatch);

    /// <summary>Asks to hear of appends, from now on: a caller reads once more after this, or it may miss one.</summary>
    public void Listen(IAppendListener listener) => _listeners.Add(listener);

    public void Unlisten(IAppendListener listener) => _listeners.Remove(listener);

    /// <summary>The topic is gone: appends are refused from now on, and those who wait are woken to find out.</summary>
    public void Close()
    {
        IsClosed = true;
        NotifyAppended();
    }
}
