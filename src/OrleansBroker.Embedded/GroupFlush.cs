using OrleansBroker.Core.Groups.Hosting;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded;

/// <summary>
/// Makes appends durable for all who wait. A worker takes the partition that is due the longest, calls fsync once for all
/// appends that wait for it, and answers them; while it is in fsync the next group of the partition gathers. Several partitions
/// are flushed at a time, one partition never by two workers. Workers end when nothing is due, and the timer starts them again.
/// </summary>
internal sealed class GroupFlush : IFlushQueue, IAsyncDisposable
{
    /// <summary>A disk does several flushes at once in little more time than one; more than these it only queues.</summary>
    public const int WorkersMaxOnDisk = 4;

    private readonly Lock _gate = new();
    private readonly SteadyClock _clock;
    private readonly ITimer _timer;
    private readonly int _workersMax;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // A group has an entry for each time that it became due earlier; those that are left when it is taken are passed over.
    private readonly PriorityQueue<Group, (long DueMs, long Asked)> _due = new();
    private readonly Dictionary<Partition, Group> _gathering = [];
    private readonly HashSet<Partition> _flushing = [];
    private long _ringsAtMs = long.MaxValue;
    private long _asked;
    private int _workers;
    private bool _stopping;

    /// <param name="workersMax">How many partitions are flushed at a time.</param>
    public GroupFlush(TimeProvider time, int workersMax = WorkersMaxOnDisk)
    {
        _clock = new SteadyClock(time);
        _workersMax = workersMax;
        _timer = time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ValueTask<ErrorCode> FlushedAsync(Partition partition, long lastOffset, long withinMs)
    {
        var waiting = new Waiting(lastOffset);
        lock (_gate)
        {
            if (_stopping)
            {
                return new ValueTask<ErrorCode>(ErrorCode.KafkaStorageError);
            }

            if (!_gathering.TryGetValue(partition, out var group))
            {
                _gathering[partition] = group = new Group(partition);
            }

            group.Waiting.Add(waiting);
            var nowMs = _clock.NowMs;
            var dueMs = nowMs + Math.Min(withinMs, Group.NeverMs - 1 - nowMs);
            if (dueMs < group.DueMs)
            {
                group.DueMs = dueMs;
                Enqueue(group);
                WakeAt(dueMs, nowMs);
            }
        }

        return new ValueTask<ErrorCode>(waiting.Done.Task);
    }

    /// <summary>Flushes for all who wait, due or not, and answers them.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            for (var group = 0; group < _gathering.Count; group++)
            {
                Wake();
            }

            EndIfIdle();
        }

        await _stopped.Task;
        await _timer.DisposeAsync();
    }

    /// <summary>One worker, until nothing is due.</summary>
    private async Task RunAsync()
    {
        while (true)
        {
            await Task.Yield();
            if (Take() is not { } group)
            {
                return;
            }

            var error = Flush(group.Partition);
            var flushedTo = group.Partition.Log.RecoveryPoint;
            foreach (var waiting in group.Waiting)
            {
                // An earlier flush may have taken along what this one was asked for.
                waiting.Done.SetResult(waiting.LastOffset < flushedTo ? ErrorCode.None : error);
            }

            Finish(group.Partition);
        }
    }

    /// <summary>The group that is due the longest; null where none is, and the worker is no longer counted.</summary>
    private Group? Take()
    {
        lock (_gate)
        {
            var nowMs = _clock.NowMs;
            while (TryPeek(out var first, out var dueMs) && (_stopping || dueMs <= nowMs))
            {
                _due.Dequeue();
                if (_flushing.Contains(first.Partition))
                {
                    first.IsHeldBack = true;
                    continue;
                }

                _gathering.Remove(first.Partition);
                _flushing.Add(first.Partition);
                first.IsTaken = true;
                WakeForNext(nowMs);
                return first;
            }

            _workers--;
            WakeForNext(nowMs);
            EndIfIdle();
            return null;
        }
    }

    private void Finish(Partition partition)
    {
        lock (_gate)
        {
            _flushing.Remove(partition);
            if (_gathering.TryGetValue(partition, out var next) && next.IsHeldBack)
            {
                next.IsHeldBack = false;
                Enqueue(next);
            }
        }
    }

    /// <summary>Groups that are due at the same time take turns as they were asked for.</summary>
    private void Enqueue(Group group) => _due.Enqueue(group, (group.DueMs, _asked++));

    private bool TryPeek(out Group first, out long dueMs)
    {
        while (_due.TryPeek(out first!, out var priority))
        {
            dueMs = priority.DueMs;
            if (!first.IsTaken && !first.IsHeldBack)
            {
                return true;
            }

            _due.Dequeue();
        }

        dueMs = Group.NeverMs;
        return false;
    }

    private void WakeForNext(long nowMs)
    {
        if (TryPeek(out _, out var dueMs))
        {
            WakeAt(dueMs, nowMs);
        }
    }

    /// <summary>Sees to it that a worker looks at what is due at that time.</summary>
    private void WakeAt(long dueMs, long nowMs)
    {
        if (_stopping || dueMs <= nowMs)
        {
            Wake();
        }
        else if (dueMs < _ringsAtMs)
        {
            _ringsAtMs = dueMs;
            _timer.Change(TimeSpan.FromMilliseconds(Math.Min(dueMs - nowMs, int.MaxValue)), Timeout.InfiniteTimeSpan);
        }
    }

    // Where all workers are at work, the next that is done looks by itself.
    private void Wake()
    {
        if (_workers < _workersMax)
        {
            _workers++;
            _ = RunAsync();
        }
    }

    private void EndIfIdle()
    {
        if (_stopping && _workers == 0 && _gathering.Count == 0)
        {
            _stopped.TrySetResult();
        }
    }

    private void Ring()
    {
        lock (_gate)
        {
            _ringsAtMs = long.MaxValue;
            Wake();
        }
    }

    private static ErrorCode Flush(Partition partition)
    {
        try
        {
            partition.Log.Flush();
            return ErrorCode.None;
        }
        catch (Exception)
        {
            // Whatever it was: nobody may rely on the disk having the records, and nobody is left waiting.
            return ErrorCode.KafkaStorageError;
        }
    }

    private sealed class Group(Partition partition)
    {
        public const long NeverMs = long.MaxValue;

        public Partition Partition { get; } = partition;

        public List<Waiting> Waiting { get; } = [];

        public long DueMs { get; set; } = NeverMs;

        /// <summary>Due while the partition was being flushed: it is its turn when that is done.</summary>
        public bool IsHeldBack { get; set; }

        public bool IsTaken { get; set; }
    }

    private sealed record Waiting(long LastOffset)
    {
        public TaskCompletionSource<ErrorCode> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
