using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Ports;

namespace OrleansBroker.Core.Tests.Documents;

/// <summary>Calls to a store that says nothing end all the same.</summary>
public sealed class TimeLimitedDocumentStoreTests
{
    private readonly SilentStore _silent = new();

    [Fact]
    public async Task A_call_that_is_not_answered_in_time_has_an_unknown_outcome()
    {
        using var clock = new OneTimer();
        var documents = new TimeLimitedDocumentStore(_silent, clock);
        var writing = documents.WriteAsync("one", new byte[] { 1 }, null, CancellationToken.None).AsTask();
        Assert.False(writing.IsCompleted);
        Assert.Equal(TimeLimitedDocumentStore.AnswerWithin, clock.DueTime);

        clock.Ring();

        Assert.Contains("one", (await Assert.ThrowsAsync<IOException>(() => writing)).Message, StringComparison.Ordinal);
        Assert.True(_silent.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task A_caller_that_ends_does_not_wait()
    {
        using var clock = new OneTimer();
        using var ending = new CancellationTokenSource();
        var reading = new TimeLimitedDocumentStore(_silent, clock).ReadAsync("one", ending.Token).AsTask();
        ending.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    private sealed class SilentStore : IDocumentStore
    {
        public CancellationToken Token { get; private set; }

        public async ValueTask<StoredDocument?> ReadAsync(string name, CancellationToken cancellation) => await SayNothingAsync<StoredDocument?>(cancellation);

        public async ValueTask<string?> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expectedETag, CancellationToken cancellation) => await SayNothingAsync<string?>(cancellation);

        public async ValueTask<bool> DeleteAsync(string name, string expectedETag, CancellationToken cancellation) => await SayNothingAsync<bool>(cancellation);

        private Task<T> SayNothingAsync<T>(CancellationToken cancellation)
        {
            Token = cancellation;
            return new TaskCompletionSource<T>().Task;
        }
    }

    /// <summary>Rings when it is told to.</summary>
    private sealed class OneTimer : TimeProvider, ITimer
    {
        private Action? _ring;

        public TimeSpan DueTime { get; private set; }

        public void Ring() => _ring!();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            DueTime = dueTime;
            _ring = () => callback(state);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
