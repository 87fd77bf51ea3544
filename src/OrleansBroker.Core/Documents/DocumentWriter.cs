using System.Collections.Concurrent;
using OrleansBroker.Core.Ports;

namespace OrleansBroker.Core.Documents;

/// <summary>
/// Writes documents to a store that may lose an answer. Remembers the ETag of each document that it read or wrote, and after
/// a lost answer reads again: the write was done if the document is what was written, and is tried again if nothing changed.
/// </summary>
/// <remarks>Contents are unlike each other even where they say the same, by the id of the write in them.</remarks>
public sealed class DocumentWriter(IDocumentStore store)
{
    private const int AttemptsMax = 3;

    private readonly ConcurrentDictionary<string, string> _etags = new(StringComparer.Ordinal);

    /// <summary>Whether a document's ETag is remembered.</summary>
    public bool HasRead(string name) => _etags.ContainsKey(name);

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
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (await store.WriteAsync(name, content, expected, cancellation) is { } etag)
                {
                    Remember(name, etag);
                    return true;
                }

                attempt = AttemptsMax;
            }
            catch (IOException) when (attempt < AttemptsMax)
            {
            }

            // The answer was lost, or a write whose answer was lost came in between.
            var found = await store.ReadAsync(name, cancellation);
            if (found is not null && found.Content.Span.SequenceEqual(content.Span))
            {
                Remember(name, found.ETag);
                return true;
            }

            if (attempt == AttemptsMax || found?.ETag != expected)
            {
                return false;
            }
        }
    }

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
