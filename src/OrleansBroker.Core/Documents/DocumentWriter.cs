using System.Collections.Concurrent;
using OrleansBroker.Core.Ports;

namespace OrleansBroker.Core.Documents;

/// <summary>
/// Writes documents to a store that may lose an answer (<see cref="ConfirmedWrite"/>), and remembers the ETag of each that it read or
/// wrote.
/// </summary>
public sealed class DocumentWriter(IDocumentStore store)
{
    private readonly ConcurrentDictionary<string, string> _etags = new(StringComparer.Ordinal);

    /// <summary>How many documents are remembered.</summary>
    public int Count => _etags.Count;

    /// <summary>The content of a document, null where there is none.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string name, CancellationToken cancellation)
    {
        var found = await store.ReadAsync(name, cancellation);
        Remember(name, found?.ETag);
        return found?.Content;
    }

    /// <summary>Writes over what was last read or written. False where another writer came first.</summary>
    /// <exception cref="IOException">The outcome is unknown after all attempts.</exception>
    public ValueTask<bool> WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        WriteAsync(name, content, _etags.GetValueOrDefault(name), cancellation);

    /// <summary>Writes a document that is not there yet. False where there is one, whoever wrote it.</summary>
    /// <exception cref="IOException">The outcome is unknown after all attempts.</exception>
    public ValueTask<bool> CreateAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        WriteAsync(name, content, expected: null, cancellation);

    /// <summary>Removes a document that nobody needs any more. What cannot be removed stays and does no harm.</summary>
    public async ValueTask<bool> TryDeleteAsync(string name, CancellationToken cancellation)
    {
        if (!_etags.TryRemove(name, out var etag))
        {
            return false;
        }

        try
        {
            return await store.DeleteAsync(name, etag, cancellation);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async ValueTask<bool> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expected, CancellationToken cancellation)
    {
        var etag = await ConfirmedWrite.WriteAsync(store, name, content, expected, cancellation);
        if (etag is not null)
        {
            Remember(name, etag);
        }

        return etag is not null;
    }

    /// <summary>The document is of no more interest: it is gone, or others write it.</summary>
    public void Forget(string name) => _etags.TryRemove(name, out _);

    private void Remember(string name, string? etag)
    {
        if (etag is null)
        {
            _etags.TryRemove(name, out _);
        }
        else
        {
            _etags[name] = etag;
        }
    }
}
