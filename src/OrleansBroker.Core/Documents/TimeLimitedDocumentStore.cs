using OrleansBroker.Core.Ports;

namespace OrleansBroker.Core.Documents;

/// <summary>
/// A document store whose calls end: what is not answered in time has an outcome that is not known, as where an answer was lost. A
/// store that hangs then costs those who call it that time and no more.
/// </summary>
public sealed class TimeLimitedDocumentStore(IDocumentStore store, TimeProvider clock) : IDocumentStore
{
    /// <summary>Many times what a store takes that is well, also while it fails over; less than clients wait for an answer.</summary>
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    private long _failures;
    private volatile bool _isAway;

    /// <summary>Calls that failed or were not answered.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>The last call that came to an end was not answered: whoever looks for whether the store is back asks it something.</summary>
    public bool IsAway => _isAway;

    public ValueTask<StoredDocument?> ReadAsync(string name, CancellationToken cancellation) =>
        LimitAsync(name, limited => store.ReadAsync(name, limited), cancellation);

    public ValueTask<string?> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expectedETag, CancellationToken cancellation) =>
        LimitAsync(name, limited => store.WriteAsync(name, content, expectedETag, limited), cancellation);

    public ValueTask<bool> DeleteAsync(string name, string expectedETag, CancellationToken cancellation) =>
        LimitAsync(name, limited => store.DeleteAsync(name, expectedETag, limited), cancellation);

    private async ValueTask<T> LimitAsync<T>(string name, Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellation)
    {
        try
        {
            var answer = await AskAsync(name, call, cancellation);
            _isAway = false;
            return answer;
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            Interlocked.Increment(ref _failures);
            _isAway = true;
            throw;
        }
    }

    private async ValueTask<T> AskAsync<T>(string name, Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var answer = call(limit.Token);
        if (answer.IsCompleted)
        {
            return await answer;
        }

        try
        {
            return await answer.AsTask().WithinAsync(AnswerWithin, clock, cancellation);
        }
        catch (TimeoutException)
        {
            limit.Cancel();
            throw new IOException($"the document store said nothing of {name} for {AnswerWithin.TotalSeconds} s");
        }
    }
}
