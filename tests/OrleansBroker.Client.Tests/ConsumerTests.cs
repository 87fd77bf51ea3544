using System.Globalization;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client.Tests;

public sealed class ConsumerTests
{
    private const string Topic = "events";

    private static readonly ConsumerOptions FromStart = new() { AutoOffsetReset = AutoOffsetReset.Earliest };

    [Theory]
    [InlineData(CompressionCodec.None)]
    [InlineData(CompressionCodec.Gzip)]
    [InlineData(CompressionCodec.Snappy)]
    [InlineData(CompressionCodec.Lz4)]
    [InlineData(CompressionCodec.Zstd)]
    public async Task All_records_of_all_partitions_are_read_in_order(CompressionCodec codec)
    {
        const int records = 3_000;
        await using var broker = await TestBroker.StartAsync(partitions: 3);
        await using var client = broker.Connect();
        await ProduceAsync(client, records, new ProducerOptions { CompressionType = codec, BatchSize = 5_000 });
        await using var consumer = client.CreateConsumer<string, string>(FromStart with { MaxPollRecords = 70 });
        consumer.Assign(Partitions(3));

        var read = await ReadAsync(consumer, records);

        Assert.Equal(Enumerable.Range(0, records), read.Select(Number).Order());
        Assert.All(read.GroupBy(record => record.TopicPartition), ofPartition =>
            Assert.Equal(Enumerable.Range(0, ofPartition.Count()).Select(i => (long)i), ofPartition.Select(record => record.Offset)));
        Assert.All(Partitions(3), partition => Assert.Equal(read.Count(record => record.TopicPartition == partition), consumer.Position(partition)));
    }

    [Fact]
    public async Task A_record_is_read_with_all_that_was_written()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<string, byte[]>();
        var at = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);
        await producer.ProduceAsync(Topic, new() { Key = "k", Value = [1, 2], Timestamp = at, Headers = new RecordHeader[] { new("h", [7]), new("none", null) } });
        await producer.ProduceAsync(Topic, new() { Value = null });
        await using var consumer = client.CreateConsumer<string, byte[]>(FromStart);
        consumer.Assign(Partitions(1));

        var full = await consumer.ConsumeAsync();
        var empty = await consumer.ConsumeAsync();

        Assert.Equal(("k", at, false, 0L), (full.Key, full.Timestamp, full.IsLogAppendTime, full.Offset));
        Assert.Equal([1, 2], full.Value);
        Assert.Equal(["h", "none"], full.Headers.ToArray().Select(header => header.Key));
        Assert.Null(full.Headers.Span[1].Value);
        Assert.Equal((null, null, 1L), (empty.Key, empty.Value, empty.Offset));
    }

    [Fact]
    public async Task Reading_goes_on_from_where_it_is_sought()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await ProduceAsync(client, 200, new ProducerOptions { BatchSize = 1_000 });
        await using var consumer = client.CreateConsumer<string, string>(FromStart);
        var partition = new TopicPartition(Topic, 0);
        consumer.Assign([new TopicPartitionOffset(partition, 150)]);
        Assert.Equal(150, (await consumer.ConsumeAsync()).Offset);

        consumer.Seek(new TopicPartitionOffset(partition, 10));
        Assert.Equal([10, 11, 12], (await ReadAsync(consumer, 3)).Select(record => (int)record.Offset));
        consumer.Seek(new TopicPartitionOffset(partition, Offset.Beginning));
        Assert.Equal(0, (await consumer.ConsumeAsync()).Offset);

        consumer.Seek(new TopicPartitionOffset(partition, Offset.End));
        var next = consumer.ConsumeAsync();
        while (consumer.Position(partition) < 0)
        {
            await Task.Delay(5);
        }

        await ProduceAsync(client, 1);
        Assert.Equal(200, (await next).Offset);
    }

    [Fact]
    public async Task Offsets_are_found_by_time_and_reading_goes_on_from_there()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<Null, string>();
        var start = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000);
        for (var i = 0; i < 10; i++)
        {
            await producer.ProduceAsync(Topic, new() { Value = Text(i), Timestamp = start.AddSeconds(i) });
        }

        await using var consumer = client.CreateConsumer<Null?, string>(FromStart);
        var partition = new TopicPartition(Topic, 0);
        consumer.Assign([partition]);
        await consumer.SeekAsync(partition, start.AddSeconds(6.5));

        Assert.Equal("7", (await consumer.ConsumeAsync()).Value);
        Assert.Equal(new WatermarkOffsets(0, 10), await consumer.QueryWatermarkOffsetsAsync(partition));
        var late = await consumer.OffsetsForTimesAsync(new Dictionary<TopicPartition, DateTimeOffset> { [partition] = start.AddHours(1) });
        Assert.Equal(10, late[partition]);
    }

    [Fact]
    public async Task A_paused_partition_waits_and_loses_nothing()
    {
        await using var broker = await TestBroker.StartAsync(partitions: 2);
        await using var client = broker.Connect();
        await ProduceAsync(client, 1_000);
        await using var consumer = client.CreateConsumer<string, string>(FromStart with { MaxPollRecords = 10 });
        consumer.Assign(Partitions(2));
        var before = await ReadAsync(consumer, 5);
        var paused = before[^1].TopicPartition;
        var rest = 1_000 - before.Count;

        consumer.Pause(paused);
        var others = await ReadAsync(consumer, CountOf(await LogReader.ReadAllAsync(client, Topic), 1 - paused.Partition) - before.Count(record => record.TopicPartition != paused));
        Assert.All(others, record => Assert.NotEqual(paused, record.TopicPartition));
        consumer.Resume(paused);
        var after = await ReadAsync(consumer, rest - others.Count);

        Assert.Equal(Enumerable.Range(0, 1_000), before.Concat(others).Concat(after).Select(Number).Order());
    }

    [Fact]
    public async Task An_offset_that_is_not_there_is_reset_or_told()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await ProduceAsync(client, 5);
        var partition = new TopicPartition(Topic, 0);
        await using var resetting = client.CreateConsumer<string, string>(FromStart);
        resetting.Assign([new TopicPartitionOffset(partition, 1_000)]);
        Assert.Equal(0, (await resetting.ConsumeAsync()).Offset);

        await using var strict = client.CreateConsumer<string, string>(new ConsumerOptions { AutoOffsetReset = AutoOffsetReset.None });
        strict.Assign([new TopicPartitionOffset(partition, 1_000)]);
        for (var i = 0; i < 2; i++)
        {
            var refusal = await Assert.ThrowsAsync<ConsumeException>(async () => await strict.ConsumeAsync());
            Assert.Equal((ErrorCode.OffsetOutOfRange, 1_000L), (refusal.Error, refusal.Position.Offset));
        }

        strict.Seek(new TopicPartitionOffset(partition, 3));
        Assert.Equal(3, (await strict.ConsumeAsync()).Offset);
    }

    [Fact]
    public async Task A_record_that_cannot_be_read_stops_its_partition_until_it_is_passed_over()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<Null, byte[]>(new ProducerOptions { Linger = TimeSpan.FromHours(1) });
        var deliveries = new byte[][] { [0, 0, 0, 1], [9], [0, 0, 0, 3] }.Select(value => producer.ProduceAsync(Topic, new() { Value = value }).AsTask()).ToArray();
        await producer.FlushAsync();
        await Task.WhenAll(deliveries);
        await using var consumer = client.CreateConsumer<Null?, int>(FromStart);
        consumer.Assign(Partitions(1));

        Assert.Equal(1, (await consumer.ConsumeAsync()).Value);
        for (var i = 0; i < 2; i++)
        {
            var refusal = await Assert.ThrowsAsync<ConsumeException>(async () => await consumer.ConsumeAsync());
            Assert.Equal(1, refusal.Position.Offset);
            Assert.IsType<FormatException>(refusal.InnerException);
        }

        consumer.Seek(new TopicPartitionOffset(Topic, 0, 2));
        Assert.Equal(3, (await consumer.ConsumeAsync()).Value);
    }

    [Fact]
    public async Task Batches_are_of_one_partition_and_of_limited_size()
    {
        await using var broker = await TestBroker.StartAsync(partitions: 2);
        await using var client = broker.Connect();
        await ProduceAsync(client, 500);
        await using var consumer = client.CreateConsumer<string, string>(FromStart with { MaxPollRecords = 60 });
        consumer.Assign(Partitions(2));
        var read = new List<ConsumeResult<string, string>> { await consumer.ConsumeAsync() };

        while (read.Count < 500)
        {
            var batch = await consumer.ConsumeBatchAsync();
            Assert.InRange(batch.Count, 1, 60);
            Assert.Single(batch.DistinctBy(record => record.TopicPartition));
            read.AddRange(batch);
        }

        Assert.Equal(Enumerable.Range(0, 500), read.Select(Number).Order());
    }

    [Fact]
    public async Task What_is_fetched_ahead_is_bounded()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await ProduceAsync(client, 20_000);
        await using var consumer = client.CreateConsumer<string, string>(FromStart with { PrefetchBytesMax = 10_000, MaxPartitionFetchBytes = 5_000 });
        consumer.Assign(Partitions(1));
        Assert.Equal(0, (await consumer.ConsumeAsync()).Offset);

        // However slowly it is read: all of it comes, and no fetch has to be larger than one batch.
        Assert.Equal(Enumerable.Range(1, 19_999), (await ReadAsync(consumer, 19_999)).Select(Number));
    }

    [Fact]
    public async Task A_wait_for_records_ends_by_cancellation_by_disposal_and_by_a_record()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await ProduceAsync(client, 1);
        var consumer = client.CreateConsumer<string, string>(FromStart);
        consumer.Assign(Partitions(1));
        await consumer.ConsumeAsync();
        using var cancelling = new CancellationTokenSource();

        var cancelled = consumer.ConsumeAsync(cancelling.Token).AsTask();
        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);

        var next = consumer.ConsumeAsync().AsTask();
        await ProduceAsync(client, 1);
        Assert.Equal(1, (await next).Offset);

        var disposed = consumer.ConsumeAsync().AsTask();
        await consumer.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => disposed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reading_goes_on_through_the_death_or_hang_of_a_leader(bool hangs)
    {
        const int records = 2_000;
        await using var broker = await TestBroker.StartAsync(brokers: 3, partitions: 3);
        await using var client = broker.Connect();
        await using var consumer = client.CreateConsumer<string, string>(FromStart);
        await ProduceAsync(client, 1);
        consumer.Assign(Partitions(3));
        var reading = Task.Run(() => ReadAsync(consumer, records + 1));

        await ProduceAsync(client, records / 2, first: 1);
        if (hangs)
        {
            broker.Cluster.Pause(1);
        }
        else
        {
            await broker.Cluster.KillAsync(1);
        }

        await ProduceAsync(client, records / 2, first: 1 + (records / 2));
        var read = await reading;
        await (hangs ? broker.Cluster.ResumeAsync(1) : broker.Cluster.StartAsync(1));

        Assert.Equal(Enumerable.Range(0, records + 1), read.Select(Number).Order());
        Assert.All(read.GroupBy(record => record.TopicPartition), ofPartition =>
            Assert.Equal(Enumerable.Range(0, ofPartition.Count()).Select(i => (long)i), ofPartition.Select(record => record.Offset)));
    }

    [Fact]
    public async Task Reading_goes_on_when_the_broker_has_restarted()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await using var consumer = client.CreateConsumer<string, string>(FromStart);
        await ProduceAsync(client, 100);
        consumer.Assign(Partitions(1));
        var first = await ReadAsync(consumer, 100);

        await broker.Cluster.StopAsync(0);
        await broker.Cluster.StartAsync(0);
        await ProduceAsync(client, 100, first: 100);

        Assert.Equal(Enumerable.Range(0, 200), first.Concat(await ReadAsync(consumer, 100)).Select(Number));
    }

    private static TopicPartition[] Partitions(int count) => [.. Enumerable.Range(0, count).Select(partition => new TopicPartition(Topic, partition))];

    private static async Task ProduceAsync(KafkaClient client, int records, ProducerOptions? options = null, int first = 0)
    {
        await using var producer = client.CreateProducer<string, string>(options ?? new ProducerOptions());
        await Task.WhenAll(Enumerable.Range(first, records).Select(i => producer.ProduceAsync(Topic, new() { Key = Text(i), Value = Text(i) }).AsTask()));
    }

    private static async Task<List<ConsumeResult<string, string>>> ReadAsync(Consumer<string, string> consumer, int records)
    {
        var read = new List<ConsumeResult<string, string>>();
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (read.Count < records)
        {
            read.Add(await consumer.ConsumeAsync(deadline.Token));
        }

        return read;
    }

    private static int CountOf(List<StoredRecord> records, int partition) => records.Count(record => record.Partition == partition);

    private static int Number(ConsumeResult<string, string> record) => int.Parse(record.Value!, CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
