using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Server.Tests.Replication;

/// <summary>Flushes at once, or when a test says so.</summary>
internal sealed class HeldFlushes : IFlushQueue
{
    private readonly TaskCompletionSource<ErrorCode> _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _asked;

    public bool IsHeld { get; set; }

    public int Asked => Volatile.Read(ref _asked);

    public void Release() => _released.TrySetResult(ErrorCode.None);

    public async ValueTask<ErrorCode> FlushedAsync(Partition partition, long lastOffset, long withinMs)
    {
        Interlocked.Increment(ref _asked);
        if (IsHeld)
        {
            await _released.Task;
        }

        partition.Log.Flush();
        return ErrorCode.None;
    }
}
