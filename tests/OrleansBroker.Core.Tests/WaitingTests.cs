namespace OrleansBroker.Core.Tests;

/// <summary>Everything that waits comes back to the one thread it was begun on.</summary>
public sealed class WaitingTests
{
    public static TheoryData<string, Func<OneThread, Task>> Waits => new()
    {
        {
            "a source's task", async thread =>
            {
                var source = Source();
                thread.Later(() => source.SetResult(1));
                Assert.Equal(1, await source.Task.WithinAsync(TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None));
            }
        },
        {
            "a source's task and no longer", async thread =>
            {
                using var cancelled = new CancellationTokenSource();
                thread.Later(cancelled.Cancel);
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Source().Task.WithinAsync(TimeSpan.FromMinutes(1), TimeProvider.System, cancelled.Token));
            }
        },
        {
            "several sources' tasks", async thread =>
            {
                TaskCompletionSource<int>[] sources = [Source(), Source()];
                thread.Later(() => Array.ForEach(sources, source => source.SetResult(1)));
                await Waiting.AllAsync(sources.Select(source => source.Task));
            }
        },
        {
            "a turn", async thread =>
            {
                using var gate = new SemaphoreSlim(0);
                using var cancellation = new CancellationTokenSource();
                thread.Later(() => gate.Release());
                await gate.EnterAsync(cancellation.Token);
            }
        },
    };

    [Theory, MemberData(nameof(Waits))]
    public void A_wait_ends_on_the_thread_it_began_on(string what, Func<OneThread, Task> wait) => Assert.True(OneThread.Run(wait), what);

    [Fact]
    public async Task A_turn_that_was_given_up_goes_to_the_next()
    {
        using var gate = new SemaphoreSlim(0);
        using var cancellation = new CancellationTokenSource();
        var first = gate.EnterAsync(cancellation.Token);
        var second = gate.EnterAsync(CancellationToken.None);
        cancellation.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(second.IsCompleted);

        gate.Release();
        await second.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(0, gate.CurrentCount);
    }

    [Fact]
    public async Task A_turn_that_does_not_come_in_time_is_not_taken()
    {
        using var gate = new SemaphoreSlim(0);
        Assert.False(await gate.EnterAsync(TimeSpan.Zero, TimeProvider.System, CancellationToken.None));
        gate.Release();
        Assert.True(await gate.EnterAsync(TimeSpan.FromSeconds(20), TimeProvider.System, CancellationToken.None));
    }

    private static TaskCompletionSource<int> Source() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A context with one thread, which notes whether anything came to it from another.</summary>
    public sealed class OneThread : SynchronizationContext
    {
        private readonly System.Collections.Concurrent.BlockingCollection<Action> _queue = [];
        private readonly int _thread = Environment.CurrentManagedThreadId;
        private bool _strayed;

        /// <summary>Whether the work was done without another thread.</summary>
        public static bool Run(Func<OneThread, Task> work)
        {
            var before = Current;
            var context = new OneThread();
            SetSynchronizationContext(context);
            try
            {
                var running = work(context);
                while (!running.IsCompleted && context._queue.TryTake(out var next, TimeSpan.FromSeconds(20)))
                {
                    next();
                }

                running.GetAwaiter().GetResult();
                return !context._strayed;
            }
            finally
            {
                SetSynchronizationContext(before);
            }
        }

        public void Later(Action action) => _queue.Add(action);

        public override SynchronizationContext CreateCopy() => this;

        public override void Post(SendOrPostCallback d, object? state)
        {
            _strayed |= Environment.CurrentManagedThreadId != _thread;
            _queue.Add(() => d(state));
        }
    }
}
