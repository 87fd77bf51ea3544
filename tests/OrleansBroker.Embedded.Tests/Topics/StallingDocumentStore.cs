using OrleansBroker.Core.Ports;

namespace OrleansBroker.Embedded.Tests.Topics;

/// <summary>A store whose writes wait, once told to, until they may go on.</summary>
internal sealed class StallingDocumentStore(IDocumentStore store) : IDocumentStore
{
    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isStalling;

    /// <summary>Done when a write waits.</summary>
    public Task Stalled => _stalled.Task;

    public void Stall() => _isStalling = true;

    public void Resume() => _resumed.SetResult();

    public ValueTask<StoredDocument?> ReadAsync(string name, CancellationToken cancellation) => store.ReadAsync(name, cancellation);

    public async ValueTask<string?> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expectedETag, CancellationToken cancellation)
    {
        if (_isStalling)
        {
            _stalled.TrySetResult();
            await _resumed.Task;
        }

        return await store.WriteAsync(name, content, expectedETag, cancellation);
    }

    public ValueTask<bool> DeleteAsync(string name, string expectedETag, CancellationToken cancellation) => store.DeleteAsync(name, expectedETag, cancellation);
}
