using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Server.Tests;

/// <summary>Counts producer ids, and keeps those waiting who ask while it is held: as a request that waits for the documents.</summary>
internal sealed class HeldProducerIds : IProducerIds
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource? _held;
    private long _last;

    /// <summary>Completes when somebody waits.</summary>
    public Task Asked => _asked.Task;

    public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => Interlocked.Exchange(ref _held, null)?.SetResult();

    public async ValueTask<ProducerId> NextAsync(CancellationToken cancellation)
    {
        if (_held is { } held)
        {
            _asked.TrySetResult();
            await held.Task.WaitAsync(cancellation);
        }

        return new ProducerId(Interlocked.Increment(ref _last));
    }
}
