using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>An append that waits for the high watermark to pass it. Decided under the leadership's lock, completed outside.</summary>
internal sealed class CommitWaiter(long lastOffset)
{
    private readonly TaskCompletionSource<ErrorCode> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ErrorCode _result;

    public long LastOffset { get; } = lastOffset;

    public Task<ErrorCode> Task => _source.Task;

    public void Decide(ErrorCode result) => _result = result;

    public void Complete() => _source.TrySetResult(_result);
}
