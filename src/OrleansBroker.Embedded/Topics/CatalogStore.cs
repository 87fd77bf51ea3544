using System.Text.Json;
using OrleansBroker.Core;
using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Topics;

/// <summary>
/// Reads and writes the catalog's documents, in the order that leaves a whole catalog after a crash at any point: the first states of
/// new partitions, then what the topics are, then the index.
/// </summary>
internal sealed class CatalogStore(IDocumentStore store, BrokerId self, Random random, int atOnce)
{
    /// <summary>A document that goes while the index is read has gone from the index too, as a rule.</summary>
    private const int ReadsMax = 3;

    private readonly DocumentWriter _documents = new(store);
    private CatalogIndex _index = CatalogIndex.Empty;
    private ReadOnlyMemory<byte> _indexContent;
    private IReadOnlyList<CatalogRecord> _unpublished = [];
    private long _greatestVersion;

    /// <summary>Of the catalog as it was last read or written.</summary>
    public long Version => _index.Version;

    /// <summary>Whether documents changed without the index: other brokers do not know of it.</summary>
    public bool IsBehind => _unpublished.Count > 0;

    /// <summary>All that is stored, as records for an empty catalog.</summary>
    /// <param name="brokers">Whose altered configurations are looked for, beside those that the index names.</param>
    /// <exception cref="IOException">A document cannot be read.</exception>
    public ValueTask<IReadOnlyList<CatalogRecord>> ReadAsync(ClusterView brokers, CancellationToken cancellation) => ParsedAsync(() => ReadAllAsync(brokers, cancellation));

    /// <summary>What has changed since this broker last read or wrote; null where only reading all can tell.</summary>
    /// <exception cref="IOException">A document cannot be read.</exception>
    public ValueTask<IReadOnlyList<CatalogRecord>?> ReadChangesAsync(Catalog known, CancellationToken cancellation) => ParsedAsync(() => ReadNewAsync(known, cancellation));

    /// <summary>Stores what one request came to.</summary>
    /// <param name="brokers">Those that new partitions begin on.</param>
    /// <returns>
    /// The records as they are stored: new partitions may have other replicas than was decided, where an earlier writer ended before it
    /// came to the topic. Null where another writer came first: the catalog is to be read again.
    /// </returns>
    /// <exception cref="IOException">The outcome is unknown.</exception>
    public async ValueTask<IReadOnlyList<CatalogRecord>?> WriteAsync(IReadOnlyList<CatalogRecord> records, ClusterView brokers)
    {
        var version = Math.Max(_index.Version, _greatestVersion) + 1;
        var stored = await ParsedAsync(() => WritePartitionsAsync(records, brokers));
        if (!await WriteContentsAsync(stored, version) || !await WriteIndexAsync(stored, version))
        {
            return null;
        }

        await DeleteAsync(stored);
        return stored;
    }

    /// <summary>Writes the index for documents that an earlier writer changed before it ended. False where another writer came first.</summary>
    /// <exception cref="IOException">The outcome is unknown.</exception>
    public ValueTask<bool> PublishAsync() => WriteIndexAsync([], Math.Max(_index.Version, _greatestVersion) + 1);

    private static async ValueTask<T> ParsedAsync<T>(Func<ValueTask<T>> read)
    {
        try
        {
            return await read();
        }
        catch (JsonException e)
        {
            throw new IOException($"A document of the catalog is not what this version writes: {e.Message}", e);
        }
    }

    private async ValueTask<(CatalogIndex Index, ReadOnlyMemory<byte> Content)> ReadIndexAsync(CancellationToken cancellation)
    {
        var content = await _documents.ReadAsync(CatalogDocuments.Index, cancellation) ?? default;
        return content.Span.SequenceEqual(_indexContent.Span) ? (_index, _indexContent) : (CatalogDocuments.ReadIndex(content.Span), content);
    }

    private async ValueTask<IReadOnlyList<CatalogRecord>> ReadAllAsync(ClusterView brokers, CancellationToken cancellation)
    {
        var everyone = brokers.Brokers.Select(broker => (BrokerId?)broker.Id).Append(null).Append(self).Select(CatalogDocuments.NameOf).ToArray();
        for (var attempt = 1; attempt <= ReadsMax; attempt++)
        {
            var (index, content) = await ReadIndexAsync(cancellation);

            // What was altered before there were versions is not in the index, nor what its writer did not come to tell.
            var names = index.Configs.Keys.Union(everyone).Order(StringComparer.Ordinal).ToArray();
            var configs = await ReadConfigsAsync(names, cancellation);
            var topics = await ReadTopicsAsync(Sorted(index.Topics), cancellation);
            if (topics.Length == index.Topics.Count)
            {
                Take(index, content);
                _unpublished =
                [
                    .. configs.Where(found => found.Version > index.Configs.GetValueOrDefault(CatalogDocuments.NameOf(found.Record.Broker))).Select(found => found.Record),
                    .. topics.Where(found => found.Version > index.Topics[found.Topic.Id].Version).Select(found => new TopicConfigChanged(found.Topic)),
                ];
                _greatestVersion = Math.Max(configs.Select(found => found.Version).DefaultIfEmpty().Max(), topics.Select(found => found.Version).DefaultIfEmpty().Max());
                return [.. configs.Select(found => found.Record), .. topics.Select(found => new TopicCreated(found.Topic))];
            }
        }

        throw new IOException("The index of the catalog names topics that have no document");
    }

    private async ValueTask<IReadOnlyList<CatalogRecord>?> ReadNewAsync(Catalog known, CancellationToken cancellation)
    {
        for (var attempt = 1; attempt <= ReadsMax; attempt++)
        {
            var (index, content) = await ReadIndexAsync(cancellation);
            if (ReferenceEquals(index, _index))
            {
                return [];
            }

            if (index.Version <= _index.Version)
            {
                // The store has gone back, or two writers gave the same version to different things.
                return null;
            }

            var changedTopics = Sorted(index.Topics.Where(topic => !_index.Topics.TryGetValue(topic.Key, out var old) || old.Version != topic.Value.Version));
            var changedConfigs = index.Configs.Where(config => _index.Configs.GetValueOrDefault(config.Key) != config.Value).Select(config => config.Key).Order(StringComparer.Ordinal).ToArray();
            var topics = await ReadTopicsAsync(changedTopics, cancellation);
            var configs = await ReadConfigsAsync(changedConfigs, cancellation);
            if (topics.Length == changedTopics.Length && configs.Length == changedConfigs.Length)
            {
                var gone = Sorted(_index.Topics.Where(topic => !index.Topics.ContainsKey(topic.Key)));
                Take(index, content);
                return
                [
                    .. gone.Select(known.Find).OfType<CatalogTopic>().Select(topic => new TopicDeleted(topic)),
                    .. topics.SelectMany(found => CatalogDifference.Between(known.Find(found.Topic.Id), found.Topic)),
                    .. configs.Select(found => found.Record),
                ];
            }
        }

        return null;
    }

    private void Take(CatalogIndex index, ReadOnlyMemory<byte> content)
    {
        foreach (var gone in _index.Topics.Keys.Where(id => !index.Topics.ContainsKey(id)))
        {
            _documents.Forget(CatalogDocuments.NameOf(gone));
        }

        _index = index;
        _indexContent = content;
    }

    private static Guid[] Sorted(IEnumerable<KeyValuePair<Guid, IndexedTopic>> topics) =>
        [.. topics.OrderBy(topic => topic.Value.Name, StringComparer.Ordinal).Select(topic => topic.Key)];

    /// <summary>In the order of the ids; those that have no document are left out.</summary>
    private async ValueTask<(CatalogTopic Topic, long Version)[]> ReadTopicsAsync(Guid[] ids, CancellationToken cancellation)
    {
        var found = new (CatalogTopic Topic, long Version)?[ids.Length];
        await EachAsync(
            [.. Enumerable.Range(0, ids.Length)],
            async i => found[i] = await _documents.ReadAsync(CatalogDocuments.NameOf(ids[i]), cancellation) is { } content ? CatalogDocuments.ReadTopic(content.Span) : null);
        return [.. found.OfType<(CatalogTopic, long)>()];
    }

    private async ValueTask<(BrokerConfigChanged Record, long Version)[]> ReadConfigsAsync(string[] names, CancellationToken cancellation)
    {
        var found = new List<(BrokerConfigChanged, long)>();
        foreach (var name in names)
        {
            if (await _documents.ReadAsync(name, cancellation) is { } content)
            {
                var (configs, version) = CatalogDocuments.ReadConfigs(content.Span);
                found.Add((new BrokerConfigChanged(CatalogDocuments.BrokerOf(name), configs), version));
            }
        }

        return [.. found];
    }

    /// <summary>The first states of partitions that have several replicas; who has a partition to itself needs none (docs/adr/0001).</summary>
    /// <returns>The records, with the replicas that each new partition has.</returns>
    private async ValueTask<IReadOnlyList<CatalogRecord>> WritePartitionsAsync(IReadOnlyList<CatalogRecord> records, ClusterView brokers)
    {
        var stored = new List<CatalogRecord>(records.Count);
        foreach (var record in records)
        {
            stored.Add(record switch
            {
                TopicCreated { Topic: var topic } created => created with { Topic = await WritePartitionsAsync(topic, 0, brokers) },
                PartitionsAdded { Topic: var topic } added => added with { Topic = await WritePartitionsAsync(topic, added.FirstPartition, brokers) },
                _ => record,
            });
        }

        return stored;
    }

    private async ValueTask<CatalogTopic> WritePartitionsAsync(CatalogTopic topic, int first, ClusterView brokers)
    {
        // Contents are made one after the other, as each has an id by chance.
        var contents = topic.Replicas
            .Select((replicas, partition) => partition < first || replicas.Length == 1 ? null : PartitionDocuments.Write(
                PartitionState.Created(topic.Id, partition, replicas, brokers) ?? throw new IOException("None of the replicas lives that a new partition is to have"), random.NextGuid()))
            .ToArray();
        var replicas = topic.Replicas.ToArray();

        // Nobody has written anything of a topic that is created now: its id is new.
        var written = Enumerable.Range(first, replicas.Length - first).Where(partition => first > 0 || contents[partition] is not null);
        await EachAsync([.. written], async partition => replicas[partition] = await WritePartitionAsync(topic, partition, contents[partition]));
        return topic with { Replicas = replicas };
    }

    /// <returns>The replicas that the partition has.</returns>
    private async ValueTask<BrokerId[]> WritePartitionAsync(CatalogTopic topic, int partition, byte[]? content)
    {
        var name = PartitionDocuments.NameOf(topic.Id, partition);
        if (content is not null && await _documents.CreateAsync(name, content, CancellationToken.None))
        {
            _documents.Forget(name);
            return topic.Replicas[partition];
        }

        // One that is there was left by a writer that ended, or is in use already by another's decision of the same: it stays, also
        // where this is another attempt of the one who wrote it.
        return await store.ReadAsync(name, CancellationToken.None) is { } found ? PartitionDocuments.Read(found.Content.Span, out _).Replicas
            : content is null ? topic.Replicas[partition]
            : throw new IOException($"The document {name} could not be written");
    }

    private async ValueTask<bool> WriteContentsAsync(IReadOnlyList<CatalogRecord> records, long version)
    {
        // Contents are made one after the other, as each has an id by chance.
        var contents = records.Select(record => ContentOf(record, version)).OfType<(string Name, byte[] Content)>().ToArray();
        var refused = 0;
        await EachAsync(
            contents,
            async document =>
            {
                if (!await _documents.WriteAsync(document.Name, document.Content, CancellationToken.None))
                {
                    Interlocked.Increment(ref refused);
                }
            });
        return refused == 0;
    }

    private (string Name, byte[] Content)? ContentOf(CatalogRecord record, long version) => record switch
    {
        TopicCreated created => (CatalogDocuments.NameOf(created.Topic.Id), CatalogDocuments.WriteTopic(created.Topic, version, random.NextGuid())),
        PartitionsAdded added => (CatalogDocuments.NameOf(added.Topic.Id), CatalogDocuments.WriteTopic(added.Topic, version, random.NextGuid())),
        TopicConfigChanged changed => (CatalogDocuments.NameOf(changed.Topic.Id), CatalogDocuments.WriteTopic(changed.Topic, version, random.NextGuid())),
        BrokerConfigChanged changed => (CatalogDocuments.NameOf(changed.Broker), CatalogDocuments.WriteConfigs(changed.Configs, version, random.NextGuid())),
        _ => null,
    };

    private async ValueTask<bool> WriteIndexAsync(IReadOnlyList<CatalogRecord> records, long version)
    {
        var index = _index.With(_unpublished.Concat(records), version);
        var content = CatalogDocuments.WriteIndex(index, random.NextGuid());
        if (!await _documents.WriteAsync(CatalogDocuments.Index, content, CancellationToken.None))
        {
            return false;
        }

        Take(index, content);
        _unpublished = [];
        return true;
    }

    /// <summary>Nobody needs the documents of a topic that the index does not name. What cannot be removed stays and does no harm.</summary>
    private async ValueTask DeleteAsync(IReadOnlyList<CatalogRecord> records)
    {
        var names = records.OfType<TopicDeleted>().SelectMany(record =>
            record.Topic.Replicas.Select((_, partition) => PartitionDocuments.NameOf(record.Topic.Id, partition)).Prepend(CatalogDocuments.NameOf(record.Topic.Id)));
        await EachAsync([.. names], async name =>
        {
            try
            {
                if (await _documents.ReadAsync(name, CancellationToken.None) is not null)
                {
                    await _documents.TryDeleteAsync(name, CancellationToken.None);
                }
            }
            catch (IOException)
            {
            }
        });
    }

    // Documents wait for the store, and a store does several at once in little more time than one.
    private async ValueTask EachAsync<T>(T[] items, Func<T, ValueTask> action)
    {
        var room = new SemaphoreSlim(atOnce);
        var actions = new List<Task>(items.Length);
        foreach (var item in items)
        {
            await room.EnterAsync(CancellationToken.None);
            actions.Add(ActAsync(item));
        }

        await Task.WhenAll(actions);

        async Task ActAsync(T item)
        {
            try
            {
                await action(item);
            }
            finally
            {
                room.Release();
            }
        }
    }
}
