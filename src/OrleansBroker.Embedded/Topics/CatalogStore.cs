using System.Text.Json;
using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Topics;

/// <summary>Reads and writes the catalog's documents, in the order that leaves a whole catalog after a crash at any point.</summary>
internal sealed class CatalogStore(IDocumentStore store, BrokerId broker, int writesAtOnce)
{
    private readonly DocumentWriter _documents = new(store);

    /// <summary>All that is stored, as records for an empty catalog.</summary>
    /// <exception cref="IOException">A document cannot be read.</exception>
    public async ValueTask<IReadOnlyList<CatalogRecord>> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            return await ReadRecordsAsync(cancellation);
        }
        catch (JsonException e)
        {
            throw new IOException($"A document of the catalog is not what this version writes: {e.Message}", e);
        }
    }

    /// <summary>Stores what one request came to. False where another writer came first: the catalog is to be read again.</summary>
    /// <param name="catalog">As it was when the records were decided.</param>
    /// <exception cref="IOException">The outcome is unknown.</exception>
    public async ValueTask<bool> WriteAsync(IReadOnlyList<CatalogRecord> records, Catalog catalog, CancellationToken cancellation)
    {
        if (!await WriteContentsAsync(records, cancellation))
        {
            return false;
        }

        var created = records.OfType<TopicCreated>().Select(record => record.Topic).ToArray();
        var deleted = records.OfType<TopicDeleted>().Select(record => record.Topic).ToArray();
        if (created.Length + deleted.Length > 0)
        {
            var gone = deleted.Select(topic => topic.Id).ToHashSet();
            var index = CatalogDocuments.WriteIndex(catalog.Topics.Where(topic => !gone.Contains(topic.Id)).Concat(created), Guid.NewGuid());
            if (!await _documents.WriteAsync(CatalogDocuments.Index, index, cancellation))
            {
                return false;
            }
        }

        await EachAsync(deleted, async (topic, token) => await _documents.TryDeleteAsync(CatalogDocuments.NameOf(topic.Id), token), cancellation);
        return true;
    }

    private async ValueTask<IReadOnlyList<CatalogRecord>> ReadRecordsAsync(CancellationToken cancellation)
    {
        var records = new List<CatalogRecord>();
        foreach (var name in new BrokerId?[] { null, broker })
        {
            if (await _documents.ReadAsync(CatalogDocuments.NameOf(name), cancellation) is { } configs)
            {
                records.Add(new BrokerConfigChanged(name, CatalogDocuments.ReadConfigs(configs.Span)));
            }
        }

        if (await _documents.ReadAsync(CatalogDocuments.Index, cancellation) is { } index)
        {
            foreach (var (name, id) in CatalogDocuments.ReadIndex(index.Span))
            {
                var content = await _documents.ReadAsync(CatalogDocuments.NameOf(id), cancellation)
                    ?? throw new IOException($"The document of topic '{name}' is missing");
                records.Add(new TopicCreated(CatalogDocuments.ReadTopic(content.Span)));
            }
        }

        return records;
    }

    private async ValueTask<bool> WriteContentsAsync(IReadOnlyList<CatalogRecord> records, CancellationToken cancellation)
    {
        var written = 0;
        await EachAsync(
            records,
            async (record, token) =>
            {
                if (ContentOf(record) is not var (name, content) || await _documents.WriteAsync(name, content, token))
                {
                    Interlocked.Increment(ref written);
                }
            },
            cancellation);
        return written == records.Count;
    }

    private static (string Name, byte[] Content)? ContentOf(CatalogRecord record) => record switch
    {
        TopicCreated created => (CatalogDocuments.NameOf(created.Topic.Id), CatalogDocuments.WriteTopic(created.Topic, Guid.NewGuid())),
        PartitionsAdded added => (CatalogDocuments.NameOf(added.Topic.Id), CatalogDocuments.WriteTopic(added.Topic, Guid.NewGuid())),
        TopicConfigChanged changed => (CatalogDocuments.NameOf(changed.Topic.Id), CatalogDocuments.WriteTopic(changed.Topic, Guid.NewGuid())),
        BrokerConfigChanged changed => (CatalogDocuments.NameOf(changed.Broker), CatalogDocuments.WriteConfigs(changed.Configs, Guid.NewGuid())),
        _ => null,
    };

    // Flushes wait for the disk, and a disk does several at once in little more time than one.
    private async ValueTask EachAsync<T>(IReadOnlyList<T> items, Func<T, CancellationToken, ValueTask> write, CancellationToken cancellation)
    {
        if (items.Count > 1 && writesAtOnce > 1)
        {
            await Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = writesAtOnce, CancellationToken = cancellation }, write);
            return;
        }

        foreach (var item in items)
        {
            await write(item, cancellation);
        }
    }
}
