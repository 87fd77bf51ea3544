using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>Waits for one commit as a task does.</summary>
internal sealed class CommitTask : CommitWaiter
{
    private readonly TaskCompletionSource<ErrorCode> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<ErrorCode> Task => _source.Task;

    protected internal override void OnDecided(ErrorCode result, bool mayGoOnHere) => _source.TrySetResult(result);
}
