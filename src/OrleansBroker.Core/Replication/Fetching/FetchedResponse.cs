using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using PartitionData = OrleansBroker.Protocol.Messages.FetchResponse.PartitionData;

namespace OrleansBroker.Core.Replication.Fetching;

/// <summary>
/// Applies a response to the logs of the partitions in it. What takes a while (cutting, deleting) is done after everything else,
/// and not on the thread that the response came on.
/// </summary>
internal sealed class FetchedResponse(
    ReplicaServices services, BrokerId leader, FollowerSession session, DelayedPartitions delayed, FollowerInbox inbox, ILogger logger)
{
    /// <summary>How long the fetches of all partitions wait for the flushes of some.</summary>
    private static readonly TimeSpan FlushPatience = TimeSpan.FromMilliseconds(20);

    /// <summary>How long a throttled partition is left out before it is seen whether it may go on.</summary>
    private static readonly TimeSpan ThrottleInterval = TimeSpan.FromMilliseconds(100);

    private readonly LogAlignment _alignment = new(services, logger);
    private readonly List<Partition> _committed = [];
    private readonly List<FollowedPartition> _flushing = [];
    private readonly List<(FollowedPartition Followed, PartitionData Data)> _slow = [];

    public async ValueTask ApplyAsync(FetchResponse response, IBrokerConnection connection)
    {
        var nowMs = services.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var topic in response.Responses)
        {
            foreach (var data in topic.Partitions)
            {
                if (session.Find(new ReplicaKey(topic.TopicId, data.PartitionIndex)) is { IsLeft: false } followed)
                {
                    Apply(followed, data, nowMs);
                }
            }
        }

        if (_slow.Count > 0)
        {
            await ApplySlowAsync(connection);
        }
    }

    /// <summary>Wakes consumers that may read more than before. Their turn is after the next fetch went out: that one may be what a producer waits for.</summary>
    public void NotifyCommitted()
    {
        foreach (var partition in _committed)
        {
            partition.NotifyCommitted();
        }

        _committed.Clear();
    }

    /// <summary>
    /// What was appended is flushed before the next fetch tells the leader of it, where the topic asks for that. A partition
    /// whose flush takes long is left out meanwhile.
    /// </summary>
    public async ValueTask AwaitFlushesAsync()
    {
        if (_flushing.Count == 0)
        {
            return;
        }

        var all = Waiting.AllAsync(_flushing.Select(followed => followed.Flushing!));
        if (!all.IsCompleted)
        {
            using var patience = new CancellationTokenSource();
            await Task.WhenAny(all, Task.Delay(FlushPatience, services.Clock, patience.Token));
            patience.Cancel();
        }

        foreach (var followed in _flushing)
        {
            if (!followed.Flushing!.IsCompleted)
            {
                session.Remove(followed);
                _ = RejoinAsync(followed);
            }
            else if (await followed.Flushing is not ErrorCode.None and var error)
            {
                Delay(followed, error);
            }
        }

        _flushing.Clear();
    }

    /// <summary>Has a partition wait that is throttled. A replica that is in sync never does: what is committed would wait with it.</summary>
    public bool TryPause(FollowedPartition followed)
    {
        if (!followed.Partition.IsThrottledAsFollower)
        {
            return false;
        }

        delayed.Add(followed, ThrottleInterval);
        return true;
    }

    private async Task RejoinAsync(FollowedPartition followed)
    {
        await followed.Flushing!;
        inbox.Join(followed);
    }

    private void Apply(FollowedPartition followed, in PartitionData data, long nowMs)
    {
        if (data.ErrorCode == ErrorCode.OffsetOutOfRange || data.DivergingEpoch is not null)
        {
            _slow.Add((followed, data));
        }
        else if (data.ErrorCode != ErrorCode.None)
        {
            Delay(followed, data.ErrorCode);
        }
        else if (TryAppend(followed, data, nowMs))
        {
            followed.Failures = 0;
            Advance(followed, data);
            if (TryPause(followed))
            {
                session.Remove(followed);
            }
        }
    }

    private bool TryAppend(FollowedPartition followed, in PartitionData data, long nowMs)
    {
        if (data.Records.Length == 0)
        {
            return true;
        }

        var result = ReplicatedRecords.Append(followed, data.Records, data.LogStartOffset, nowMs);
        session.Name(followed);
        if (result.FlushDue)
        {
            followed.Flushing = services.Flushes.FlushedAsync(followed.Partition, followed.Partition.Log.LogEndOffset - 1, withinMs: 0).AsTask();
            _flushing.Add(followed);
        }

        if (result.Error == ErrorCode.None)
        {
            followed.Partition.Throttles.RecordFetched(followed.Partition.State, services.Self.Id, data.Records.Length);
            return true;
        }

        if (result.Error != ErrorCode.NotLeaderOrFollower)
        {
            ReplicationLog.NotAppended(logger, followed.Partition.Name, leader, result.ErrorMessage ?? result.Error.ToString());
        }

        Delay(followed, result.Error);
        return false;
    }

    private void Advance(FollowedPartition followed, in PartitionData data)
    {
        var partition = followed.Partition;
        var before = partition.HighWatermark;
        if (partition.AdvanceAsFollower(followed.Epoch, data.HighWatermark) && partition.HighWatermark > before)
        {
            _committed.Add(partition);
        }

        if (data.LogStartOffset > partition.LogStartOffset && data.LogStartOffset <= partition.HighWatermark)
        {
            _slow.Add((followed, data));
        }
    }

    private async ValueTask ApplySlowAsync(IBrokerConnection connection)
    {
        await Task.Yield();
        try
        {
            foreach (var (followed, data) in _slow)
            {
                await ApplySlowAsync(followed, data, connection);
            }
        }
        finally
        {
            _slow.Clear();
        }
    }

    private async ValueTask ApplySlowAsync(FollowedPartition followed, PartitionData data, IBrokerConnection connection)
    {
        var log = followed.Partition.Log;
        if (data is { ErrorCode: ErrorCode.None, DivergingEpoch: null })
        {
            if (log.DeleteRecordsBefore(data.LogStartOffset) == ErrorCode.None)
            {
                session.Name(followed);
            }

            return;
        }

        var isAligned = false;
        try
        {
            isAligned = data.DivergingEpoch is { } diverging
                ? _alignment.Truncate(followed, diverging)
                : await _alignment.StartAnewAsync(followed, connection, CancellationToken.None);
        }
        catch (IOException) when (log.IsFailed)
        {
            // The log says why.
        }

        if (isAligned)
        {
            session.Name(followed);
        }
        else
        {
            Delay(followed, data.ErrorCode);
        }
    }

    private void Delay(FollowedPartition followed, ErrorCode error)
    {
        if (followed.Failures == 0)
        {
            ReplicationLog.FetchRefused(logger, followed.Partition.Name, leader, error);
        }

        session.Remove(followed);
        delayed.Add(followed, services.Config.Current.ReplicaFetchBackoffMs);
    }
}
