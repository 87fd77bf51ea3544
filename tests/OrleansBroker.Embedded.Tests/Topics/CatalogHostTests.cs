using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Simulation;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Embedded.Tests.Topics;

public sealed class CatalogHostTests : IDisposable
{
    private readonly FileDocumentStore _store;

    public CatalogHostTests()
    {
        var disk = new SimulatedDisk(seed: 1);
        disk.CreateDirectory("/data");
        _store = new FileDocumentStore(disk, "/data/documents");
    }

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task What_was_answered_is_in_the_image_on_the_broker_and_there_after_a_restart()
    {
        var process = await CatalogProcess.StartAsync(_store);
        Assert.Equal(ErrorCode.None, await process.CreateAsync("orders", partitions: 2));
        Assert.Equal(ErrorCode.None, await process.CreateAsync("payments"));
        Assert.Equal(ErrorCode.None, await process.CreateAsync("gone"));
        Assert.Equal(ErrorCode.None, await process.DeleteAsync("gone"));
        Assert.Equal(ErrorCode.None, await process.GrowAsync("orders", 5));
        Assert.Equal(ErrorCode.None, await process.SetAsync(ConfigResourceType.Topic, "payments", "retention.ms", "7"));

        var seen = process.Describe();

        Assert.Equal(["orders 5 ", "payments 1 [retention.ms, 7]"], seen.Select(line => string.Join(' ', line.Split(' ', 3)[0], line.Split(' ', 3)[2])));
        Assert.Equal(seen, (await CatalogProcess.StartAsync(_store)).Describe());
    }

    [Fact]
    public async Task An_altered_broker_is_altered_at_once_and_after_a_restart()
    {
        var process = await CatalogProcess.StartAsync(_store);

        Assert.Equal(ErrorCode.None, await process.SetAsync(ConfigResourceType.Broker, "", "log.retention.ms", "5"));
        Assert.Equal(5, process.Config.Current.DefaultLogConfig.RetentionMs);
        Assert.Equal(ErrorCode.None, await process.SetAsync(ConfigResourceType.Broker, "0", "log.retention.ms", "6"));
        Assert.Equal(6, process.Partitions.Config!.DefaultLogConfig.RetentionMs);

        Assert.Equal(6, (await CatalogProcess.StartAsync(_store)).Config.Current.DefaultLogConfig.RetentionMs);
    }

    [Fact]
    public async Task A_topic_that_many_ask_for_at_once_is_created_once()
    {
        var process = await CatalogProcess.StartAsync(_store);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => process.Host.CreateOnFirstUseAsync(["orders", "a/b"], default).AsTask()));

        Assert.All(answers, codes => Assert.Equal([ErrorCode.None, ErrorCode.InvalidTopicException], codes));
        Assert.Single(process.Describe());
    }

    [Fact]
    public async Task A_request_without_time_is_done_if_nothing_stands_before_it()
    {
        var process = await CatalogProcess.StartAsync(_store);

        Assert.Equal(ErrorCode.None, await process.CreateAsync("orders", timeoutMs: 0));
    }

    [Fact]
    public async Task A_request_that_waits_longer_than_its_timeout_is_answered_so_and_not_done()
    {
        var store = new StallingDocumentStore(_store);
        var process = await CatalogProcess.StartAsync(store);
        store.Stall();
        var first = process.CreateAsync("first");
        await store.Stalled;

        Assert.Equal(ErrorCode.RequestTimedOut, await process.CreateAsync("second", timeoutMs: 0));

        store.Resume();
        Assert.Equal(ErrorCode.None, await first);
        Assert.Single(process.Describe());
    }

    [Fact]
    public async Task Another_writer_is_seen_and_both_writers_topics_stay()
    {
        var (one, other) = (await CatalogProcess.StartAsync(_store), await CatalogProcess.StartAsync(_store));
        Assert.Equal(ErrorCode.None, await one.CreateAsync("orders"));
        Assert.Equal(ErrorCode.None, await one.SetAsync(ConfigResourceType.Topic, "orders", "retention.ms", "7"));

        Assert.Equal(ErrorCode.None, await other.CreateAsync("payments"));

        Assert.Equal(2, other.Describe().Length);
        Assert.Equal(other.Describe(), (await CatalogProcess.StartAsync(_store)).Describe());
        Assert.Equal(ErrorCode.TopicAlreadyExists, await other.CreateAsync("orders"));
    }

    [Fact]
    public async Task A_thousand_topics_of_one_request_are_created_together()
    {
        var process = await CatalogProcess.StartAsync(_store, writesAtOnce: 8);

        var codes = await process.CreateAsync(Enumerable.Range(0, 1000).Select(i => $"topic-{i}"));

        Assert.All(codes, code => Assert.Equal(ErrorCode.None, code));
        Assert.Equal(1000, process.Describe().Length);
        Assert.Equal(process.Describe(), (await CatalogProcess.StartAsync(_store)).Describe());
    }

    [Fact]
    public async Task On_a_real_disk_a_restart_finds_what_was_there()
    {
        var directory = Directory.CreateTempSubdirectory("catalog-");
        try
        {
            var path = Path.Combine(directory.FullName, "documents");
            var process = await CatalogProcess.StartAsync(new FileDocumentStore(new LocalFileSystem(), path), writesAtOnce: 8);
            Assert.All(await process.CreateAsync(Enumerable.Range(0, 50).Select(i => $"topic.{i}"), partitions: 3), code => Assert.Equal(ErrorCode.None, code));
            Assert.Equal(ErrorCode.None, await process.DeleteAsync("topic.7"));
            Assert.Equal(ErrorCode.None, await process.SetAsync(ConfigResourceType.Topic, "topic.8", "cleanup.policy", "compact"));

            var next = await CatalogProcess.StartAsync(new FileDocumentStore(new LocalFileSystem(), path));

            Assert.Equal(49, next.Describe().Length);
            Assert.Equal(process.Describe(), next.Describe());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_disk_that_fails_is_answered_as_such_and_the_next_request_goes_on()
    {
        var store = new FlakyDocumentStore(_store, seed: 1);
        var process = await CatalogProcess.StartAsync(store);
        store.FailureChance = 1;

        Assert.Equal(ErrorCode.KafkaStorageError, await process.CreateAsync("orders"));
        Assert.Equal(ErrorCode.KafkaStorageError, await process.SetAsync(ConfigResourceType.Broker, "", "log.retention.ms", "5"));

        store.FailureChance = 0;
        Assert.Equal(ErrorCode.None, await process.CreateAsync("payments"));
        Assert.Equal(process.Describe(), (await CatalogProcess.StartAsync(_store)).Describe());
    }

    [Fact]
    public async Task A_deletion_that_the_request_names_twice_is_answered_once()
    {
        var process = await CatalogProcess.StartAsync(_store);
        await process.CreateAsync("orders");

        var response = await process.Host.DeleteTopicsAsync(new DeleteTopicsRequest { TopicNames = ["orders", "orders"], TimeoutMs = 1000 }, default);

        Assert.Equal(ErrorCode.InvalidRequest, Assert.Single(response.Responses).ErrorCode);
        Assert.Single(process.Describe());
    }
}
