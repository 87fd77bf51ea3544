namespace OrleansBroker.Embedded.Cluster;

/// <summary>Holds up whatever passes it while it is closed.</summary>
internal sealed class PauseGate
{
    private volatile TaskCompletionSource? _closed;

    public bool IsClosed => _closed is not null;

    public void Close() => _closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => Interlocked.Exchange(ref _closed, null)?.SetResult();

    public Task PassAsync(CancellationToken cancellation) => _closed?.Task.WaitAsync(cancellation) ?? Task.CompletedTask;
}
