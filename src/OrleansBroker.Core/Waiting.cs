// The one place where these waits are tamed.
#pragma warning disable RS0030

namespace OrleansBroker.Core;

/// <summary>
/// Waits that end where they began. Those of .NET complete on the thread pool, whatever the context of the caller is, where the
/// task is that of a source or a semaphore (<see cref="Task.WaitAsync(CancellationToken)"/>, <c>Task.WhenAll</c>,
/// <c>Task.WhenAny</c>, <c>SemaphoreSlim.WaitAsync</c> with a token): a simulator with one thread would lose hold of them.
/// </summary>
public static class Waiting
{
    /// <exception cref="TimeoutException">The task takes longer.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended; the task goes on.</exception>
    public static Task WithinAsync(this Task task, TimeSpan atMost, TimeProvider clock, CancellationToken cancellation) =>
        task.IsCompleted ? task : HereAsync(task).WaitAsync(WholeMilliseconds(atMost), clock, cancellation);

    /// <inheritdoc cref="WithinAsync(Task, TimeSpan, TimeProvider, CancellationToken)"/>
    public static Task<T> WithinAsync<T>(this Task<T> task, TimeSpan atMost, TimeProvider clock, CancellationToken cancellation) =>
        task.IsCompleted ? task : HereAsync(task).WaitAsync(WholeMilliseconds(atMost), clock, cancellation);

    public static Task AllAsync(IEnumerable<Task> tasks) => Task.WhenAll(tasks.Select(HereAsync));

    /// <summary>Waits for a turn, which the caller gives back with <see cref="SemaphoreSlim.Release()"/>.</summary>
    /// <exception cref="OperationCanceledException">The turn was not taken.</exception>
    public static async Task EnterAsync(this SemaphoreSlim gate, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        await gate.EnterAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
    }

    /// <summary>As <see cref="EnterAsync(SemaphoreSlim, CancellationToken)"/>; false where the turn did not come in time.</summary>
    public static async Task<bool> EnterAsync(this SemaphoreSlim gate, TimeSpan atMost, TimeProvider clock, CancellationToken cancellation)
    {
        var entering = gate.WaitAsync(CancellationToken.None);
        try
        {
            await entering.WithinAsync(atMost, clock, cancellation);
            return true;
        }
        catch (TimeoutException)
        {
            _ = LeaveAsync(gate, entering);
            return false;
        }
        catch (OperationCanceledException)
        {
            _ = LeaveAsync(gate, entering);
            throw;
        }
    }

    // .NET cuts what is behind the millisecond off: who waits for a moment would wake just before it, again and again.
    private static TimeSpan WholeMilliseconds(TimeSpan time) =>
        time <= TimeSpan.Zero ? time : TimeSpan.FromMilliseconds(Math.Ceiling(time.TotalMilliseconds));

    // What awaits a task is resumed in its own context, and the task of an async method takes along those who wait for it.
    private static async Task HereAsync(Task task) => await task;

    private static async Task<T> HereAsync<T>(Task<T> task) => await task;

    /// <summary>Gives back a turn that nobody waits for any more, when it comes.</summary>
    private static async Task LeaveAsync(SemaphoreSlim gate, Task entering)
    {
        await entering;
        gate.Release();
    }
}
