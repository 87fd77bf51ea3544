using Orleans.Storage;
using OrleansBroker.Core.Ports;

namespace OrleansBroker.Grains.Documents;

/// <summary>
/// The cluster's documents in grain storage: each is the state of a grain that is never activated, so that a lost compare-and-swap
/// deactivates nothing. Whatever a provider throws besides its conflict is an outcome that is not known.
/// </summary>
internal sealed class GrainStorageDocuments(IGrainStorage storage) : IDocumentStore
{
    private const string StateName = "document";

    private static readonly GrainType GrainType = GrainType.Create("orleansbroker.document");

    public async ValueTask<StoredDocument?> ReadAsync(string name, CancellationToken cancellation)
    {
        var state = await TryAsync(name, () => FindAsync(name, cancellation), cancellation);
        return state.RecordExists ? new StoredDocument(state.State!.Content, state.ETag!) : null;
    }

    public async ValueTask<string?> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expectedETag, CancellationToken cancellation)
    {
        var state = NewState(content.ToArray(), expectedETag);
        if (await TryAsync(name, () => TryWriteAsync(name, state, cancellation), cancellation))
        {
            return state.ETag;
        }

        // Providers that keep something of what was deleted want its ETag before they write there again.
        if (expectedETag is not null || await TryAsync(name, () => FindAsync(name, cancellation), cancellation) is not { RecordExists: false, ETag: { } left })
        {
            return null;
        }

        state = NewState(content.ToArray(), left);
        return await TryAsync(name, () => TryWriteAsync(name, state, cancellation), cancellation) ? state.ETag : null;
    }

    public async ValueTask<bool> DeleteAsync(string name, string expectedETag, CancellationToken cancellation) => await TryAsync(name, () => TryClearAsync(name, NewState([], expectedETag), cancellation), cancellation);

    private static GrainId IdOf(string name) => GrainId.Create(GrainType, name);

    private static GrainState<DocumentState> NewState(byte[] content, string? etag) => new(new DocumentState { Content = content }, etag!) { RecordExists = etag is not null };

    private async Task<GrainState<DocumentState>> FindAsync(string name, CancellationToken cancellation)
    {
        var state = NewState([], null);
        await storage.ReadStateAsync(StateName, IdOf(name), state, cancellation);
        return state;
    }

    private async Task<bool> TryWriteAsync(string name, GrainState<DocumentState> state, CancellationToken cancellation)
    {
        try
        {
            await storage.WriteStateAsync(StateName, IdOf(name), state, cancellation);
            return true;
        }
        catch (InconsistentStateException)
        {
            return false;
        }
    }

    private async Task<bool> TryClearAsync(string name, GrainState<DocumentState> state, CancellationToken cancellation)
    {
        try
        {
            await storage.ClearStateAsync(StateName, IdOf(name), state, cancellation);
            return true;
        }
        catch (InconsistentStateException)
        {
            return false;
        }
    }

    private static async ValueTask<T> TryAsync<T>(string name, Func<Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is not IOException && !(e is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            throw new IOException($"the document {name}: {e.Message}", e);
        }
    }
}
