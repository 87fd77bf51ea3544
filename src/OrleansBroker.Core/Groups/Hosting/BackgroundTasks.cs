namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>Work that nobody waits for until the end.</summary>
internal sealed class BackgroundTasks(CancellationToken stopping)
{
    private readonly Lock _gate = new();
    private readonly List<Task> _running = [];

    public void Run(Action<CancellationToken> work)
    {
        lock (_gate)
        {
            if (!stopping.IsCancellationRequested)
            {
                _running.RemoveAll(static task => task.IsCompleted);
                _running.Add(RunAsync(work));
            }
        }
    }

    public Task WhenAllAsync()
    {
        lock (_gate)
        {
            return Task.WhenAll(_running);
        }
    }

    private async Task RunAsync(Action<CancellationToken> work)
    {
        await Task.Yield();
        work(stopping);
    }
}
