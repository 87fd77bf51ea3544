using System.Text.Json;
using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Ports;

namespace OrleansBroker.Core.Replication;

/// <summary>Reads and writes the documents of partitions, and remembers their ETags. One caller at a time for each partition.</summary>
internal sealed class PartitionDocumentStore(IDocumentStore documents, Random random)
{
    private readonly DocumentWriter _writer = new(documents);
    private readonly byte[] _writeId = new byte[16];

    /// <summary>Null where there is no document.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async ValueTask<PartitionState?> ReadAsync(ReplicaKey key, CancellationToken cancellation)
    {
        var content = await _writer.ReadAsync(PartitionDocuments.NameOf(key.TopicId, key.Partition), cancellation);
        try
        {
            return content is { } found ? PartitionDocuments.Read(found.Span, out _) : null;
        }
        catch (JsonException e)
        {
            throw new IOException($"The document of partition {key.Partition} of topic {key.TopicId} is not what this version writes: {e.Message}", e);
        }
    }

    /// <summary>Writes over what was last read or written; false where another writer came first, and the document is to be read again.</summary>
    /// <exception cref="IOException">The outcome is unknown: the write may be done, or be done later.</exception>
    public ValueTask<bool> WriteAsync(PartitionState state, CancellationToken cancellation) =>
        _writer.WriteAsync(PartitionDocuments.NameOf(state.TopicId, state.Partition), PartitionDocuments.Write(state, NewWriteId()), cancellation);

    private Guid NewWriteId()
    {
        lock (_writeId)
        {
            random.NextBytes(_writeId);
            return new Guid(_writeId);
        }
    }
}
