using OrleansBroker.Core.Ports;

namespace OrleansBroker.Core.Documents;

/// <summary>
/// Writes a document to a store that may lose an answer: after one that is lost it reads, and the write was done if the document is
/// what was written, and is tried again if nothing changed.
/// </summary>
/// <remarks>Contents are unlike each other even where they say the same, by the id of the write in them.</remarks>
internal static class ConfirmedWrite
{
    private const int AttemptsMax = 3;

    /// <param name="expected">The ETag that the document has, or null where there is to be none.</param>
    /// <returns>The ETag that the document has now; null where another writer came first.</returns>
    /// <exception cref="IOException">The outcome is unknown after all attempts.</exception>
    public static async ValueTask<string?> WriteAsync(IDocumentStore store, string name, ReadOnlyMemory<byte> content, string? expected, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (await store.WriteAsync(name, content, expected, cancellation) is { } etag)
                {
                    return etag;
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
                return found.ETag;
            }

            if (attempt == AttemptsMax || found?.ETag != expected)
            {
                return null;
            }
        }
    }
}
