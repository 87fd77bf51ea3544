namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>Work that nobody waits for until the end, a few at a time in the order in which it was asked for.</summary>
internal sealed class BackgroundTasks : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _slots;
    private readonly List<Task> _running = [];
    private bool _isStopped;

    public BackgroundTasks(int concurrencyMax)
    {
        _slots = new SemaphoreSlim(concurrencyMax);
        Stopping = _stopping.Token;
    }

    /// <summary>Cancelled when everything is to end.</summary>
    public CancellationToken Stopping { get; }

    public void Run(Func<CancellationToken, Task> work)
    {
        lock (_gate)
        {
            if (!_isStopped)
            {
                _running.RemoveAll(static task => task.IsCompleted);
                _running.Add(RunAsync(work));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_gate)
        {
            if (_isStopped)
            {
                return;
            }

            _isStopped = true;
            running = [.. _running];
        }

        _stopping.Cancel();
        foreach (var task in running)
        {
            await task;
        }

        _slots.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task> work)
    {
        // From here on it is no work of the caller's.
        await Task.Yield();
        await _slots.WaitAsync();
        try
        {
            await work(Stopping);
        }
        finally
        {
            _slots.Release();
        }
    }
}
