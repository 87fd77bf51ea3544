namespace OrleansBroker.Embedded;

/// <summary>Works where everything else runs, without a thread of its own and without rest: for a simulator with one thread.</summary>
internal sealed class InlineWork : IBackgroundWork
{
    public async Task RunAsync(Action work)
    {
        await Task.Yield();
        work();
    }

    public void Rest(TimeSpan time, CancellationToken cancellation)
    {
    }

    public void Dispose()
    {
    }
}
