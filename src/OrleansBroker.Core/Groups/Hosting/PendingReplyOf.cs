using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Groups.Hosting;

/// <inheritdoc/>
/// <param name="refusal">The response that says an error.</param>
internal sealed class PendingReply<TResponse>(Func<ErrorCode, TResponse> refusal) : PendingReply
    where TResponse : class
{
    // Whoever answers holds the lock of the shard: what follows the answer runs elsewhere.
    private readonly TaskCompletionSource<TResponse> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override bool IsAnswered => _source.Task.IsCompleted;

    public override void Answer(object response) => _source.TrySetResult((TResponse)response);

    public override void Refuse(ErrorCode error) => _source.TrySetResult(refusal(error));

    /// <param name="cancellation">Ends the wait and nothing else.</param>
    public ValueTask<TResponse> WaitAsync(CancellationToken cancellation) =>
        IsAnswered || !cancellation.CanBeCanceled ? new ValueTask<TResponse>(_source.Task) : WaitCancellablyAsync(cancellation);

    // Not by Task.WaitAsync, whose completion goes by the thread pool whatever the context of the caller is.
    private async ValueTask<TResponse> WaitCancellablyAsync(CancellationToken cancellation)
    {
        using var registration = cancellation.UnsafeRegister(static (source, token) => ((TaskCompletionSource<TResponse>)source!).TrySetCanceled(token), _source);
        return await _source.Task;
    }
}
