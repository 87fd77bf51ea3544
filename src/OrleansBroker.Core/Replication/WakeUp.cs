namespace OrleansBroker.Core.Replication;

/// <summary>Lets a loop sleep until it is called or a time has passed. A call while nobody sleeps counts for the next sleep.</summary>
internal sealed class WakeUp(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Call()
    {
        lock (_gate)
        {
            _called.TrySetResult();
        }
    }

    /// <exception cref="OperationCanceledException">The loop is to end.</exception>
    public async Task SleepAsync(TimeSpan atMost, CancellationToken cancellation)
    {
        Task called;
        lock (_gate)
        {
            called = _called.Task;
        }

        try
        {
            await called.WithinAsync(atMost, clock, cancellation);
        }
        catch (TimeoutException)
        {
        }

        lock (_gate)
        {
            if (_called.Task.IsCompleted)
            {
                _called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
