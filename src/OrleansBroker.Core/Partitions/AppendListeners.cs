using System.Buffers;

namespace OrleansBroker.Core.Partitions;

/// <summary>
/// Who waits for a partition's next records. Joining and leaving happen once a long poll, looking whether anybody waits once
/// an append: so the first two take a lock and the last is one read.
/// </summary>
internal sealed class AppendListeners
{
    private readonly Lock _lock = new();
    private readonly List<IAppendListener> _listeners = [];
    private volatile int _count;

    public bool IsEmpty => _count == 0;

    public void Add(IAppendListener listener)
    {
        lock (_lock)
        {
            _listeners.Add(listener);
            _count = _listeners.Count;
        }
    }

    public void Remove(IAppendListener listener)
    {
        lock (_lock)
        {
            var index = _listeners.IndexOf(listener);
            if (index >= 0)
            {
                _listeners[index] = _listeners[^1];
                _listeners.RemoveAt(_listeners.Count - 1);
                _count = _listeners.Count;
            }
        }
    }

    /// <summary>Calls every listener, outside the lock: one may answer its client at once, and leave the list while it does.</summary>
    public void Notify(Partition partition)
    {
        if (_count == 0)
        {
            return;
        }

        IAppendListener[] called;
        int count;
        lock (_lock)
        {
            count = _listeners.Count;
            called = ArrayPool<IAppendListener>.Shared.Rent(Math.Max(count, 1));
            _listeners.CopyTo(called);
        }

        for (var i = 0; i < count; i++)
        {
            called[i].OnAppended(partition);
        }

        ArrayPool<IAppendListener>.Shared.Return(called, clearArray: true);
    }
}
