using System.Text.Json;
using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Ports;

namespace OrleansBroker.Core.Replication;

/// <summary>Reads and writes the documents of partitions; what a replica has read last stands in it (<see cref="Replica.ETag"/>). One caller at a time for each partition.</summary>
internal sealed class PartitionDocumentStore(IDocumentStore documents, Random random)
{
    private readonly byte[] _writeId = new byte[16];

    /// <summary>Null where there is no document.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async ValueTask<PartitionState?> ReadAsync(Replica replica, CancellationToken cancellation)
    {
        var found = await documents.ReadAsync(NameOf(replica.Key), cancellation);
        replica.ETag = found?.ETag;
        return Parse(replica.Key, found?.Content);
    }

    /// <summary>
    /// As <see cref="ReadAsync"/>, for those who do not hold the replica: its ETag stays that of the state which the replica acts on,
    /// so that nothing is written over what another broker has stored since.
    /// </summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async ValueTask<PartitionState?> PeekAsync(ReplicaKey key, CancellationToken cancellation) =>
        Parse(key, (await documents.ReadAsync(NameOf(key), cancellation))?.Content);

    /// <summary>Writes over what was last read or written; false where another writer came first, and the document is to be read again.</summary>
    /// <exception cref="IOException">The outcome is unknown: the write may be done, or be done later.</exception>
    public async ValueTask<bool> WriteAsync(Replica replica, PartitionState state, CancellationToken cancellation)
    {
        if (await ConfirmedWrite.WriteAsync(documents, NameOf(replica.Key), PartitionDocuments.Write(state, NewWriteId()), replica.ETag, cancellation) is not { } etag)
        {
            return false;
        }

        replica.ETag = etag;
        return true;
    }

    private static string NameOf(ReplicaKey key) => PartitionDocuments.NameOf(key.TopicId, key.Partition);

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
