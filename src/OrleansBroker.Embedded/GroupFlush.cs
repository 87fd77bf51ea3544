using OrleansBroker.Core.Groups.Hosting;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded;

/// <summary>
/// Makes appends durable for all who wait. A thread takes the partition that is due the longest, calls fsync once for
/// all appends that wait for it, and answers them; while it is in fsync the next group of the partition gathers. Several
/// partitions are flushed at a time, one partition never by two threads.
/// </summary>
internal sealed class GroupFlush : IFlushQueue, IDisposable
{
    /// <summary>A disk does several flushes at once in little more time than one; more than these it only queues.</summary>
    private const int ThreadsMax = 4;

    private readonly object _gate = new();
    private readonly SteadyClock _clock;
    private readonly ITimer _timer;
    private readonly List<Thread> _threads = [];

    // A group has an entry for each time that it became due earlier; those that are left when it is taken are passed over.
    private readonly PriorityQueue<Group, long> _due = new();
    private readonly Dictionary<Partition, Group> _gathering = [];
    private readonly HashSet<Partition> _flushing = [];
    private long _ringsAtMs = long.MaxValue;
    private int _idleThreads;
    private bool _stopping;

    public GroupFlush(TimeProvider time)
    {
        _clock = new SteadyClock(time);
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
                _due.Enqueue(group, dueMs);
                WakeAt(dueMs, nowMs);
            }
        }

        return new ValueTask<ErrorCode>(waiting.Done.Task);
    }

    /// <summary>Flushes for all who wait, due or not, and answers them.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
            if (_gathering.Count > 0 && _threads.Count == 0)
            {
                StartThread();
            }
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }

        _timer.Dispose();
    }

    private void Run()
    {
        while (Take() is { } group)
        {
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

    /// <summary>Waits until a group is due; null when it is time to stop and nobody waits.</summary>
    private Group? Take()
    {
        lock (_gate)
        {
            while (true)
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

                if (_stopping && _gathering.Count == 0)
                {
                    return null;
                }

                WakeForNext(nowMs);
                _idleThreads++;
                Monitor.Wait(_gate);
                _idleThreads--;
            }
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
                _due.Enqueue(next, next.DueMs);
            }

            if (_stopping)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    private bool TryPeek(out Group first, out long dueMs)
    {
        while (_due.TryPeek(out first!, out dueMs))
        {
            if (!first.IsTaken && !first.IsHeldBack)
            {
                return true;
            }

            _due.Dequeue();
        }

        return false;
    }

    private void WakeForNext(long nowMs)
    {
        if (TryPeek(out _, out var dueMs))
        {
            WakeAt(dueMs, nowMs);
        }
    }

    /// <summary>Sees to it that a thread looks at what is due at that time.</summary>
    private void WakeAt(long dueMs, long nowMs)
    {
        if (dueMs <= nowMs)
        {
            Wake();
        }
        else if (dueMs < _ringsAtMs)
        {
            _ringsAtMs = dueMs;
            _timer.Change(TimeSpan.FromMilliseconds(Math.Min(dueMs - nowMs, int.MaxValue)), Timeout.InfiniteTimeSpan);
        }
    }

    // A thread that is flushing looks by itself when it is done.
    private void Wake()
    {
        if (_idleThreads > 0)
        {
            Monitor.Pulse(_gate);
        }
        else if (_threads.Count < ThreadsMax && !_stopping)
        {
            StartThread();
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

    private void StartThread()
    {
        var thread = new Thread(Run) { IsBackground = true, Name = "group flush" };
        _threads.Add(thread);
        thread.Start();
    }

    private static ErrorCode Flush(Partition partition)
    {
        try
        {
            partition.Log.Flush();
            return ErrorCode.None;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
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
