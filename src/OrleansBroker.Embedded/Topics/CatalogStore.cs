using System.Text.Json;
using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Topics;

/// <summary>Reads and writes the catalog's documents, in the order that leaves a whole catalog after a crash at any point.</summary>
internal sealed class CatalogStore(IDocumentStore store, BrokerId broker, Random random, int writesAtOnce)
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
            var index = CatalogDocuments.WriteIndex(catalog.Topics.Where(topic => !gone.Contains(topic.Id)).Concat(created), random.NextGuid());
            if (!await _documents.WriteAsync(CatalogDocuments.Index, index, cancellation))
            {
                return false;
            }
        }

        await EachAsync(deleted, async topic => await _documents.TryDeleteAsync(CatalogDocuments.NameOf(topic.Id), cancellation));
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
        // Contents are made one after the other, as each has an id by chance.
        var contents = records.Select(ContentOf).OfType<(string Name, byte[] Content)>().ToArray();
        var refused = 0;
        await EachAsync(
            contents,
            async document =>
            {
                if (!await _documents.WriteAsync(document.Name, document.Content, cancellation))
                {
                    Interlocked.Increment(ref refused);
                }
            });
        return refused == 0;
    }

    private (string Name, byte[] Content)? ContentOf(CatalogRecord record) => record switch
    {
        TopicCreated created => (CatalogDocuments.NameOf(created.Topic.Id), CatalogDocuments.WriteTopic(created.Topic, random.NextGuid())),
        PartitionsAdded added => (CatalogDocuments.NameOf(added.Topic.Id), CatalogDocuments.WriteTopic(added.Topic, random.NextGuid())),
        TopicConfigChanged changed => (CatalogDocuments.NameOf(changed.Topic.Id), CatalogDocuments.WriteTopic(changed.Topic, random.NextGuid())),
        BrokerConfigChanged changed => (CatalogDocuments.NameOf(changed.Broker), CatalogDocuments.WriteConfigs(changed.Configs, random.NextGuid())),
        _ => null,
    };

    // Writes wait for the store, and a store does several at once in little more time than one.
    private async ValueTask EachAsync<T>(IReadOnlyList<T> items, Func<T, ValueTask> write)
    {
        var room = new SemaphoreSlim(writesAtOnce);
        var writes = new List<Task>(items.Count);
        foreach (var item in items)
        {
            await room.WaitAsync(CancellationToken.None);
            writes.Add(WriteAsync(item));
        }

        await Task.WhenAll(writes);

        async Task WriteAsync(T item)
        {
            try
            {
                await write(item);
            }
            finally
            {
                room.Release();
            }
        }
    }
}
