namespace OrleansBroker.Server.Network;

/// <summary>
/// Bytes of large requests that may be in flight on all connections together. Who does not fit waits, first come first served;
/// one that is alone is always let in, however large.
/// </summary>
internal sealed class RequestBudget(long bytesMax)
{
    private readonly Lock _lock = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Admitted)> _waiting = new();
    private long _used;

    /// <summary>Bytes reserved.</summary>
    public long Used
    {
        get
        {
            lock (_lock)
            {
                return _used;
            }
        }
    }

    /// <summary>Completes once <paramref name="bytes"/> are reserved. A caller that gives up meanwhile still releases them when this completes.</summary>
    public Task ReserveAsync(long bytes)
    {
        lock (_lock)
        {
            if (_waiting.Count == 0 && Fits(bytes))
            {
                _used += bytes;
                return Task.CompletedTask;
            }

            var admitted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue((bytes, admitted));
            return admitted.Task;
        }
    }

    public void Release(long bytes)
    {
        lock (_lock)
        {
            _used -= bytes;
            while (_waiting.TryPeek(out var next) && Fits(next.Bytes))
            {
                _waiting.Dequeue();
                _used += next.Bytes;
                next.Admitted.SetResult();
            }
        }
    }

    private bool Fits(long bytes) => _used == 0 || _used + bytes <= bytesMax;
}
