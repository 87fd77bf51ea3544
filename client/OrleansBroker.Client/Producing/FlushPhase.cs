namespace OrleansBroker.Client.Producing;

/// <summary>
/// What was produced between two flushes: each batch, and each record that waits for one, is in the phase that was open when
/// it began. A flush closes the open phase, and has been done when all of it and of the phases before is delivered.
/// </summary>
internal sealed class FlushPhase(Task earlier)
{
    private readonly TaskCompletionSource _emptied = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One for the phase itself while it is open.
    private int _inside = 1;

    public Task Delivered => earlier.IsCompleted ? _emptied.Task : Task.WhenAll(earlier, _emptied.Task);

    /// <returns>False where the phase is over.</returns>
    public bool TryEnter()
    {
        while (Volatile.Read(ref _inside) is var inside && inside > 0)
        {
            if (Interlocked.CompareExchange(ref _inside, inside + 1, inside) == inside)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Once for each who entered, and once to close the phase.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _inside) == 0)
        {
            _emptied.SetResult();
        }
    }
}
