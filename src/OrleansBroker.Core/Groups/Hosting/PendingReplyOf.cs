using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Groups.Hosting;

/// <inheritdoc/>
/// <param name="refusal">The response that says an error.</param>
internal sealed class PendingReply<TResponse>(Func<ErrorCode, TResponse> refusal) : PendingReply
    where TResponse : class
{
    // Whoever answers holds the lock of the shard: what follows the answer runs elsewhere.
    private readonly TaskCompletionSource<TResponse> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TResponse> Task => _source.Task;

    public override void Answer(object response) => _source.TrySetResult((TResponse)response);

    public override void Refuse(ErrorCode error) => _source.TrySetResult(refusal(error));
}
