using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Simulation;

namespace OrleansBroker.Embedded.Tests.Topics;

/// <summary>Several brokers have one catalog, whoever writes it and whatever is lost on the way.</summary>
public sealed class CatalogClusterTests : IDisposable
{
    private readonly FileDocumentStore _files;
    private readonly CountingDocumentStore _store;
    private readonly CatalogCluster _cluster;

    public CatalogClusterTests()
    {
        var disk = new SimulatedDisk(seed: 1);
        disk.CreateDirectory("/data");
        _files = new FileDocumentStore(disk, "/data/documents");
        _store = new CountingDocumentStore(_files);
        _cluster = new CatalogCluster(_store, brokers: 3);
    }

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task What_one_broker_has_answered_all_have()
    {
        var (one, two, three) = (await _cluster.StartAsync(0), await _cluster.StartAsync(1), await _cluster.StartAsync(2));

        Assert.Equal(ErrorCode.None, await one.CreateAsync("orders", partitions: 2));
        Assert.Equal(one.Describe(), two.Describe());
        Assert.Equal(ErrorCode.None, await two.SetAsync(ConfigResourceType.Topic, "orders", "retention.ms", "7"));
        Assert.Equal(two.Describe(), three.Describe());
        Assert.Equal(ErrorCode.None, await three.GrowAsync("orders", 5));
        Assert.Equal(ErrorCode.None, await one.CreateAsync("gone"));
        Assert.Equal(ErrorCode.None, await two.DeleteAsync("gone"));
        Assert.Equal(ErrorCode.None, await one.SetAsync(ConfigResourceType.Broker, "", "log.retention.ms", "5"));
        Assert.Equal(ErrorCode.None, await three.SetAsync(ConfigResourceType.Broker, "1", "log.retention.ms", "6"));

        Assert.Equal("orders 5 [retention.ms, 7]", string.Join("; ", one.Describe().Select(line => $"{line.Split(' ')[0]} {line.Split(' ', 3)[2]}")));
        Assert.Equal(one.Describe(), two.Describe());
        Assert.Equal(one.Describe(), three.Describe());
        Assert.Equal("5 6 5", string.Join(' ', new[] { one, two, three }.Select(each => each.Config.Current.DefaultLogConfig.RetentionMs)));
    }

    [Fact]
    public async Task A_broker_that_was_not_told_reads_what_changed_and_nothing_else()
    {
        var (one, two) = (await _cluster.StartAsync(0), await _cluster.StartAsync(1));
        await one.CreateAsync(Enumerable.Range(0, 50).Select(i => $"topic-{i}"));
        _cluster.IsSilent = true;
        Assert.Equal(ErrorCode.None, await one.SetAsync(ConfigResourceType.Topic, "topic-7", "retention.ms", "7"));
        Assert.NotEqual(one.Describe(), two.Describe());

        _store.Reads.Clear();
        Assert.True(await two.Host.CatchUpAsync(default));
        Assert.Equal(one.Describe(), two.Describe());
        Assert.Equal(["topics", CatalogDocuments.NameOf(one.Metadata.Current.Find("topic-7")!.Id)], _store.Reads);

        _store.Reads.Clear();
        Assert.True(await two.Host.CatchUpAsync(default));
        Assert.Equal(["topics"], _store.Reads);
    }

    [Fact]
    public async Task A_topic_that_was_deleted_and_made_again_is_another_one_to_who_was_told_of_neither()
    {
        var (one, two) = (await _cluster.StartAsync(0), await _cluster.StartAsync(1));
        await one.CreateAsync("orders", partitions: 4);
        _cluster.IsSilent = true;
        Assert.Equal(ErrorCode.None, await one.DeleteAsync("orders"));
        Assert.Equal(ErrorCode.None, await one.CreateAsync("orders", partitions: 2));

        Assert.True(await two.Host.CatchUpAsync(default));

        Assert.Equal(one.Describe(), two.Describe());
    }

    [Fact]
    public async Task A_change_whose_writer_ended_before_the_index_is_told_by_the_next_controller()
    {
        var failing = new CountingDocumentStore(_files);
        var (ending, next, other) = (await _cluster.StartAsync(0, failing), await _cluster.StartAsync(1), await _cluster.StartAsync(2));
        await ending.CreateAsync("orders");
        failing.Refused = CatalogDocuments.Index;

        Assert.Equal(ErrorCode.KafkaStorageError, await ending.SetAsync(ConfigResourceType.Topic, "orders", "retention.ms", "7"));
        Assert.True(await other.Host.CatchUpAsync(default));
        Assert.DoesNotContain("retention.ms", other.Describe()[0], StringComparison.Ordinal);

        next.Host.Distrust();
        Assert.True(await next.Host.CatchUpAsync(default));

        Assert.Contains("[retention.ms, 7]", next.Describe()[0], StringComparison.Ordinal);
        Assert.Equal(next.Describe(), other.Describe());
    }

    [Fact]
    public async Task Partitions_have_their_first_documents_before_the_topic_exists_and_none_after_it_was_deleted()
    {
        var one = await _cluster.StartAsync(0);
        _store.Writes.Clear();
        Assert.Equal(ErrorCode.None, await one.CreateAsync("orders", partitions: 3));

        var topic = one.Metadata.Current.Find("orders")!;
        Assert.Equal(
            [.. Enumerable.Range(0, 3).Select(partition => PartitionDocuments.NameOf(topic.Id, partition)), CatalogDocuments.NameOf(topic.Id), CatalogDocuments.Index], _store.Writes);
        var document = await _store.ReadAsync(PartitionDocuments.NameOf(topic.Id, 1), default);
        var state = PartitionDocuments.Read(document!.Content.Span, out _);
        Assert.Equal((state.Replicas[0], 0, 0), (state.Leader, state.LeaderEpoch.Value, state.PartitionEpoch));
        Assert.Equal([new(new BrokerId(0), 10), new(new BrokerId(1), 11), new IsrMember(new BrokerId(2), 12)], state.Isr.OrderBy(member => member.Broker.Value));

        Assert.Equal(ErrorCode.None, await one.DeleteAsync("orders"));
        Assert.Null(await _store.ReadAsync(PartitionDocuments.NameOf(topic.Id, 1), default));
    }

    [Fact]
    public async Task Partitions_that_were_begun_by_a_writer_that_ended_keep_their_documents()
    {
        var failing = new CountingDocumentStore(_files);
        var (ending, next) = (await _cluster.StartAsync(0, failing), await _cluster.StartAsync(1));
        await next.CreateAsync("orders");
        var topic = next.Metadata.Current.Find("orders")!;
        failing.Refused = CatalogDocuments.NameOf(topic.Id);
        Assert.Equal(ErrorCode.KafkaStorageError, await ending.GrowAsync("orders", 2));
        var before = await _files.ReadAsync(PartitionDocuments.NameOf(topic.Id, 1), default);

        Assert.Equal(ErrorCode.None, await next.GrowAsync("orders", 3));

        Assert.Equal(before!.ETag, (await _files.ReadAsync(PartitionDocuments.NameOf(topic.Id, 1), default))!.ETag);
        Assert.NotNull(await _files.ReadAsync(PartitionDocuments.NameOf(topic.Id, 2), default));
    }

    [Fact]
    public async Task Partitions_that_were_begun_by_a_writer_that_ended_are_where_that_put_them()
    {
        var (one, two) = (await _cluster.StartAsync(0), await _cluster.StartAsync(1));
        await one.CreateAsync("orders");
        var topic = one.Metadata.Current.Find("orders")!;
        BrokerId[] replicas = [new(2), new(0)];
        var begun = PartitionState.Created(topic.Id, partition: 1, replicas, CatalogCluster.ViewOf(3))!;
        await _files.WriteAsync(PartitionDocuments.NameOf(topic.Id, 1), PartitionDocuments.Write(begun, Guid.NewGuid()), null, default);

        Assert.Equal(ErrorCode.None, await one.GrowAsync("orders", 3));

        Assert.Equal(replicas, one.Metadata.Current.Find("orders")!.Partitions[1].Replicas);
        Assert.Equal(replicas, two.Metadata.Current.Find("orders")!.Partitions[1].Replicas);
        Assert.Equal(3, one.Metadata.Current.Find("orders")!.Partitions[2].Replicas.Length);
    }

    [Fact]
    public async Task Writers_that_meet_lose_nothing_and_are_of_one_mind_when_the_faults_end()
    {
        for (var seed = 1; seed <= 25; seed++)
        {
            var disk = new SimulatedDisk(seed);
            disk.CreateDirectory("/data");
            using var files = new FileDocumentStore(disk, "/data/documents");
            var cluster = new CatalogCluster(files, brokers: 3);
            var stores = Enumerable.Range(0, 3).Select(broker => new FlakyDocumentStore(files, (seed * 3) + broker)).ToArray();
            var processes = new List<CatalogProcess>();
            foreach (var (broker, store) in stores.Index())
            {
                processes.Add(await cluster.StartAsync(broker, store));
            }

            cluster.IsSilent = seed % 2 == 0;
            Array.ForEach(stores, store => store.FailureChance = 0.1);
            await Task.WhenAll(processes.Select((process, broker) => RunAsync(process, new Random((seed * 7) + broker))));
            Array.ForEach(stores, store => store.FailureChance = 0);
            foreach (var process in processes)
            {
                // As a broker that becomes the controller does.
                process.Host.Distrust();
                Assert.True(await process.Host.CatchUpAsync(default));
            }

            var stored = (await CatalogProcess.StartAsync(files)).Describe();
            foreach (var process in processes)
            {
                Assert.True(await process.Host.CatchUpAsync(default));
                Assert.Equal(stored, process.Describe());
            }
        }
    }

    private static async Task RunAsync(CatalogProcess process, Random random)
    {
        for (var i = 0; i < 20; i++)
        {
            var topic = $"topic-{random.Next(4)}";
            _ = random.Next(5) switch
            {
                0 => await process.DeleteAsync(topic),
                1 => await process.GrowAsync(topic, 2 + random.Next(3)),
                2 => await process.SetAsync(ConfigResourceType.Topic, topic, "retention.ms", $"{random.Next(1000)}"),
                _ => await process.CreateAsync(topic),
            };
        }
    }

    /// <summary>A store that notes the names of what is read and written, and may refuse to write one.</summary>
    private sealed class CountingDocumentStore(IDocumentStore store) : IDocumentStore
    {
        public List<string> Reads { get; } = [];

        public List<string> Writes { get; } = [];

        public string? Refused { get; set; }

        public ValueTask<StoredDocument?> ReadAsync(string name, CancellationToken cancellation)
        {
            lock (Reads)
            {
                Reads.Add(name);
            }

            return store.ReadAsync(name, cancellation);
        }

        public ValueTask<string?> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expectedETag, CancellationToken cancellation)
        {
            lock (Writes)
            {
                Writes.Add(name);
            }

            return name == Refused ? throw new IOException("refused") : store.WriteAsync(name, content, expectedETag, cancellation);
        }

        public ValueTask<bool> DeleteAsync(string name, string expectedETag, CancellationToken cancellation) => store.DeleteAsync(name, expectedETag, cancellation);
    }
}
