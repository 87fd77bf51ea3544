using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded;

/// <summary>
/// One thread that makes appends durable for all who wait: it takes every partition whose time has come, calls fsync once a
/// partition however many appends wait for it, and answers them all. While it is in fsync the next group gathers.
/// </summary>
internal sealed class GroupFlush : IFlushQueue, IDisposable
{
    /// <summary>The most that a monitor waits for, and more than any client does.</summary>
    private const long WaitMsMax = int.MaxValue;

    private readonly object _gate = new();
    private readonly TimeProvider _clock;
    private readonly Thread _thread;
    private List<Waiting> _waiting = [];
    private bool _stopping;

    public GroupFlush(TimeProvider clock)
    {
        _clock = clock;
        _thread = new Thread(Run) { IsBackground = true, Name = "group flush" };
        _thread.Start();
    }

    public ValueTask<ErrorCode> FlushedAsync(Partition partition, long lastOffset, long withinMs)
    {
        var waiting = new Waiting(partition, lastOffset, NowMs() + Math.Min(withinMs, WaitMsMax));
        lock (_gate)
        {
            if (_stopping)
            {
                return new ValueTask<ErrorCode>(ErrorCode.KafkaStorageError);
            }

            _waiting.Add(waiting);
            Monitor.Pulse(_gate);
        }

        return new ValueTask<ErrorCode>(waiting.Done.Task);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    private long NowMs() => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    private void Run()
    {
        while (TakeDue() is { } due)
        {
            foreach (var group in due.GroupBy(w => w.Partition))
            {
                var error = Flush(group.Key);
                foreach (var waiting in group)
                {
                    waiting.Done.SetResult(error);
                }
            }
        }
    }

    /// <summary>Waits until some flush is due and takes all that wait for the same partitions; null when it is time to stop and nobody waits.</summary>
    private List<Waiting>? TakeDue()
    {
        lock (_gate)
        {
            while (true)
            {
                var now = NowMs();
                var partitions = _waiting.Where(w => _stopping || w.DueMs <= now).Select(w => w.Partition).ToHashSet();
                if (partitions.Count > 0)
                {
                    var due = _waiting.FindAll(w => partitions.Contains(w.Partition));
                    _waiting = _waiting.FindAll(w => !partitions.Contains(w.Partition));
                    return due;
                }

                if (_stopping)
                {
                    return null;
                }

                if (_waiting.Count == 0)
                {
                    Monitor.Wait(_gate);
                }
                else
                {
                    Monitor.Wait(_gate, TimeSpan.FromMilliseconds(Math.Clamp(_waiting.Min(w => w.DueMs) - now, 1, WaitMsMax)));
                }
            }
        }
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

    private sealed record Waiting(Partition Partition, long LastOffset, long DueMs)
    {
        public TaskCompletionSource<ErrorCode> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
