using System.Text.Json;
using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Ports;

namespace OrleansBroker.Core.Replication;

/// <summary>Reads and writes the documents of partitions, and remembers their ETags. One caller at a time for each partition.</summary>
internal sealed class PartitionDocumentStore(IDocumentStore documents, Random random)
{
    private readonly IDocumentStore _documents = documents;
    private readonly DocumentWriter _writer = new(documents);
    private readonly byte[] _writeId = new byte[16];

    /// <summary>Whether the document's ETag is known: what is written goes over what was read.</summary>
    public bool HasRead(ReplicaKey key) => _writer.HasRead(PartitionDocuments.NameOf(key.TopicId, key.Partition));

    /// <summary>Null where there is no document.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async ValueTask<PartitionState?> ReadAsync(ReplicaKey key, CancellationToken cancellation) =>
        Parse(key, await _writer.ReadAsync(PartitionDocuments.NameOf(key.TopicId, key.Partition), cancellation));

    /// <summary>
    /// As <see cref="ReadAsync"/>, for those who do not hold the replica: its ETag stays that of the state which the replica acts on,
    /// so that nothing is written over what another broker has stored since.
    /// </summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async ValueTask<PartitionState?> PeekAsync(ReplicaKey key, CancellationToken cancellation) =>
        Parse(key, (await _documents.ReadAsync(PartitionDocuments.NameOf(key.TopicId, key.Partition), cancellation))?.Content);

    /// <summary>Writes over what was last read or written; false where another writer came first, and the document is to be read again.</summary>
    /// <exception cref="IOException">The outcome is unknown: the write may be done, or be done later.</exception>
    public ValueTask<bool> WriteAsync(PartitionState state, CancellationToken cancellation) =>
        _writer.WriteAsync(PartitionDocuments.NameOf(state.TopicId, state.Partition), PartitionDocuments.Write(state, NewWriteId()), cancellation);

    private static PartitionState? Parse(ReplicaKey key, ReadOnlyMemory<byte>? content)
    {
        try
        {
            return content is { } found ? PartitionDocuments.Read(found.Span, out _) : null;
        }
        catch (JsonException e)
        {
            throw new IOException($"The document of partition {key.Partition} of topic {key.TopicId} is not what this version writes: {e.Message}", e);
        }
    }

    private Guid NewWriteId()
    {
        lock (_writeId)
        {
            random.NextBytes(_writeId);
            return new Guid(_writeId);
        }
    }
}
