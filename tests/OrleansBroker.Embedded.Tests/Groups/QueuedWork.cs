namespace OrleansBroker.Embedded.Tests.Groups;

/// <summary>Where continuations wait until a test runs them, on its own thread.</summary>
internal sealed class QueuedWork : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = [];

    public override void Post(SendOrPostCallback d, object? state) => _posted.Enqueue((d, state));

    /// <summary>Does something whose continuations are to wait here.</summary>
    public void Do(Action action)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            action();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public void RunAll() => Do(() =>
    {
        while (_posted.TryDequeue(out var next))
        {
            next.Callback(next.State);
        }
    });
}
