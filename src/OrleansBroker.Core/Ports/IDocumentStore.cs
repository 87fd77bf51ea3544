namespace OrleansBroker.Core.Ports;

/// <summary>
/// Keeps small documents by name, each with an ETag that changes with every write. What a topic is, what partitions exist and
/// what configuration is in force lives here: in files on a single broker, in grain storage in a cluster.
/// </summary>
public interface IDocumentStore
{
    /// <summary>The document, or null where there is none.</summary>
    ValueTask<StoredDocument?> ReadAsync(string name, CancellationToken cancellation);

    /// <summary>
    /// Writes a document if it still has <paramref name="expectedETag"/> (null: if it does not exist yet).
    /// Returns the new ETag, or null where another write came first and nothing was written.
    /// </summary>
    /// <exception cref="IOException">The outcome is unknown: the caller reads again before it relies on either.</exception>
    ValueTask<string?> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expectedETag, CancellationToken cancellation);

    /// <summary>Removes a document if it still has <paramref name="expectedETag"/>; false where another write came first.</summary>
    /// <exception cref="IOException">The outcome is unknown.</exception>
    ValueTask<bool> DeleteAsync(string name, string expectedETag, CancellationToken cancellation);
}
