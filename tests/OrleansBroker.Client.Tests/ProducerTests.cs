using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client.Tests;

public sealed class ProducerTests
{
    private const string Topic = "orders";

    [Fact]
    public async Task A_record_is_delivered_with_its_partition_offset_and_timestamp()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<string, string>();
        var at = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);

        var first = await producer.ProduceAsync(Topic, new() { Key = "one", Value = "1", Timestamp = at, Headers = new RecordHeader[] { new("trace", "x"u8.ToArray()), new("none", null) } });
        var second = await producer.ProduceAsync(Topic, new() { Key = "two", Value = null });

        Assert.Equal(new DeliveryResult(new TopicPartition(Topic, 0), 0, at.ToUnixTimeMilliseconds(), PersistenceStatus.Persisted), first);
        Assert.Equal(1, second.Offset);
        var stored = await LogReader.ReadAllAsync(client, Topic);
        Assert.Equal(("one", "1", at.ToUnixTimeMilliseconds()), (stored[0].Key, stored[0].Value, stored[0].TimestampMs));
        Assert.Equal([("trace", "x"), ("none", null)], stored[0].Headers);
        Assert.Equal(("two", null), (stored[1].Key, stored[1].Value));
    }

    [Theory]
    [InlineData(CompressionCodec.None)]
    [InlineData(CompressionCodec.Gzip)]
    [InlineData(CompressionCodec.Snappy)]
    [InlineData(CompressionCodec.Lz4)]
    [InlineData(CompressionCodec.Zstd)]
    public async Task Records_of_many_callers_are_delivered_once_each_and_in_the_order_of_each_caller(CompressionCodec codec)
    {
        const int callers = 4;
        const int recordsEach = 2_000;
        await using var broker = await TestBroker.StartAsync(partitions: 3);
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<string, string>(new ProducerOptions { CompressionType = codec, BatchSize = 4_000 });

        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var deliveries = Enumerable.Range(0, recordsEach)
                .Select(i => producer.ProduceAsync(Topic, new() { Key = Text(caller), Value = Text(i) }).AsTask())
                .ToArray();
            await Task.WhenAll(deliveries);
        })));

        var stored = await LogReader.ReadAllAsync(client, Topic);
        Assert.Equal(callers * recordsEach, stored.Count);
        foreach (var ofCaller in stored.GroupBy(record => record.Key))
        {
            Assert.Equal(Enumerable.Range(0, recordsEach).Select(Text), ofCaller.Select(record => record.Value));
            Assert.Single(ofCaller.DistinctBy(record => record.Partition));
        }
    }

    [Fact]
    public async Task Deliveries_name_the_offsets_at_which_records_are()
    {
        await using var broker = await TestBroker.StartAsync(partitions: 2);
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<Null, string>(new ProducerOptions { BatchSize = 500 });

        var deliveries = Enumerable.Range(0, 500).Select(async i => (Text(i), await producer.ProduceAsync(Topic, new() { Value = Text(i) }))).ToArray();
        var said = (await Task.WhenAll(deliveries)).Select(each => (each.Item2.Partition, each.Item2.Offset, each.Item1));

        var stored = (await LogReader.ReadAllAsync(client, Topic)).Select(record => (record.Partition, record.Offset, record.Value!));
        Assert.Equal(stored.Order(), said.Order());
    }

    [Fact]
    public async Task Records_without_a_key_fill_one_partitions_batch_after_the_other()
    {
        await using var broker = await TestBroker.StartAsync(partitions: 4);
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<Null, string>(new ProducerOptions { BatchSize = 1_000 });

        for (var i = 0; i < 2_000; i++)
        {
            await producer.EnqueueAsync(Topic, new() { Value = new string('x', 100) }, static _ => { });
        }

        await producer.FlushAsync();
        var perPartition = (await LogReader.ReadAllAsync(client, Topic)).GroupBy(record => record.Partition).Select(group => group.Count()).ToArray();
        Assert.Equal(4, perPartition.Length);
        Assert.All(perPartition, count => Assert.InRange(count, 100, 1_500));
    }

    [Fact]
    public async Task A_chosen_partition_and_an_own_partitioner_are_obeyed()
    {
        await using var broker = await TestBroker.StartAsync(partitions: 3);
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<string, string>(new ProducerOptions { Partitioner = new LastPartition() });

        var chosen = await producer.ProduceAsync(new TopicPartition(Topic, 1), new() { Key = "k", Value = "chosen" });
        var own = await producer.ProduceAsync(Topic, new() { Key = "k", Value = "own" });

        Assert.Equal((1, 2), (chosen.Partition, own.Partition));
    }

    [Fact]
    public async Task A_flush_waits_for_all_that_was_produced_before_however_aeonthe_linger()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<Null, string>(new ProducerOptions { Linger = TimeSpan.FromHours(1) });
        var delivered = new ConcurrentQueue<DeliveryReport>();

        for (var i = 0; i < 100; i++)
        {
            await producer.EnqueueAsync(Topic, new() { Value = Text(i) }, delivered.Enqueue);
        }

        Assert.Empty(delivered);
        await producer.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), delivered.Select(report => report.Result.Offset));
        Assert.All(delivered, report => Assert.True(report.IsDelivered));
    }

    [Fact]
    public async Task Disposal_delivers_what_was_produced_and_takes_nothing_more()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        var producer = client.CreateProducer<Null, string>(new ProducerOptions { Linger = TimeSpan.FromHours(1) });
        var delivery = producer.ProduceAsync(Topic, new() { Value = "last" });

        await producer.DisposeAsync();

        Assert.True(delivery.IsCompletedSuccessfully);
        Assert.Equal(0, (await delivery).Offset);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await producer.ProduceAsync(Topic, new() { Value = "late" }));
    }

    [Fact]
    public async Task A_full_buffer_makes_callers_wait_and_loses_nothing()
    {
        const int records = 3_000;
        await using var broker = await TestBroker.StartAsync(partitions: 2);
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<string, string>(new ProducerOptions { BufferMemory = 2_000, BatchSize = 500 });

        var deliveries = Enumerable.Range(0, records).Select(i => producer.ProduceAsync(Topic, new() { Key = Text(i % 5), Value = Text(i) }).AsTask()).ToArray();
        await Task.WhenAll(deliveries);

        var stored = await LogReader.ReadAllAsync(client, Topic);
        Assert.Equal(records, stored.Count);
        Assert.All(stored.GroupBy(record => record.Key), ofKey =>
            Assert.Equal(ofKey.Select(record => int.Parse(record.Value!, CultureInfo.InvariantCulture)).Order(), ofKey.Select(record => int.Parse(record.Value!, CultureInfo.InvariantCulture))));
    }

    [Fact]
    public async Task Enqueueing_waits_for_metadata_and_can_be_cancelled_while_it_does()
    {
        await using var client = new KafkaClient(new ClientOptions { BootstrapServers = "127.0.0.1:1" });
        await using var producer = client.CreateProducer<Null, string>(new ProducerOptions { MaxBlock = Until.Deadline });
        using var cancelling = new CancellationTokenSource();

        var enqueued = producer.EnqueueAsync(Topic, new() { Value = "never" }, static _ => Assert.Fail("it was never taken in"), cancelling.Token).AsTask();
        Assert.False(enqueued.IsCompleted);
        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => enqueued);
    }

    [Fact]
    public async Task What_waits_for_too_aeonis_refused()
    {
        await using var client = new KafkaClient(new ClientOptions { BootstrapServers = "127.0.0.1:1" });
        await using var producer = client.CreateProducer<Null, string>(new ProducerOptions { MaxBlock = TimeSpan.FromMilliseconds(50) });

        var refusal = await Assert.ThrowsAsync<ProduceException>(async () => await producer.ProduceAsync(Topic, new() { Value = "never" }));

        Assert.Equal((ErrorCode.UnknownTopicOrPartition, PersistenceStatus.NotPersisted), (refusal.Error, refusal.Status));
    }

    [Fact]
    public async Task A_partition_that_there_is_not_is_refused_and_holds_up_nobody()
    {
        await using var broker = await TestBroker.StartAsync(partitions: 2);
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<Null, string>(new ProducerOptions { MaxBlock = Until.Deadline });

        var bad = producer.ProduceAsync(new TopicPartition(Topic, 2), new() { Value = "bad" }).AsTask();
        var good = producer.ProduceAsync(new TopicPartition(Topic, 1), new() { Value = "good" }).AsTask();

        var refusal = await Assert.ThrowsAsync<ProduceException>(() => bad);
        Assert.Contains("has 2 partitions", refusal.Message, StringComparison.Ordinal);
        Assert.Equal((ErrorCode.UnknownTopicOrPartition, PersistenceStatus.NotPersisted), (refusal.Error, refusal.Status));
        Assert.Equal(1, (await good).Partition);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await producer.ProduceAsync(new TopicPartition(Topic, -5), new() { Value = "bad" }));
    }

    [Fact]
    public async Task What_may_wait_longer_than_any_timer_runs_is_delivered()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        var aeon = TimeSpan.FromDays(100);
        await using var producer = client.CreateProducer<Null, string>(new ProducerOptions { MaxBlock = aeon, DeliveryTimeout = aeon, Linger = aeon });

        var delivery = producer.ProduceAsync(Topic, new() { Value = "1" }).AsTask();
        await producer.FlushAsync().WaitAsync(Until.Deadline);

        Assert.Equal(0, (await delivery).Offset);
    }

    [Fact]
    public void Times_that_cannot_be_are_refused()
    {
        Assert.Throws<ArgumentException>(new ProducerOptions { MaxBlock = TimeSpan.FromMilliseconds(-1) }.Validate);
        Assert.Throws<ArgumentException>(new ProducerOptions { DeliveryTimeout = TimeSpan.FromTicks(1) }.Validate);
    }

    [Fact]
    public async Task A_serializer_may_produce_itself()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await using var inner = client.CreateProducer<string, string>();
        await using var outer = client.CreateProducer<string, string>(valueSerializer: new Producing(inner));

        await outer.ProduceAsync(Topic, new() { Key = "outer", Value = "outer" });
        await inner.FlushAsync();

        Assert.Equal([("outer", "outer")], (await LogReader.ReadAllAsync(client, Topic)).Select(record => (record.Key!, record.Value!)));
        Assert.Equal([("inner", "inner")], (await LogReader.ReadAllAsync(client, "inner")).Select(record => (record.Key!, record.Value!)));
    }

    [Fact]
    public async Task Records_that_are_too_large_are_refused_one_by_one()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<Null, string>(new ProducerOptions { MaxRequestSize = 10_000 });

        var refusal = await Assert.ThrowsAsync<ProduceException>(async () => await producer.ProduceAsync(Topic, new() { Value = new string('x', 10_000) }));

        Assert.Equal(ErrorCode.MessageTooLarge, refusal.Error);
        Assert.Equal(0, (await producer.ProduceAsync(Topic, new() { Value = new string('x', 9_000) })).Offset);
    }

    // All in one batch, and in several.
    [Theory]
    [InlineData(256 << 10)]
    [InlineData(1_500)]
    public async Task Batches_that_are_too_large_for_the_topic_are_split_until_they_fit(int batchSize)
    {
        await using var broker = await TestBroker.StartAsync(partitions: 1, settings: ("message.max.bytes", "1000"));
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<Null, string>(new ProducerOptions { BatchSize = batchSize, Linger = TimeSpan.FromHours(1) });

        var deliveries = Enumerable.Range(0, 200).Select(i => producer.ProduceAsync(Topic, new() { Value = Text(i).PadLeft(i == 77 ? 2_000 : 100) }).AsTask()).ToArray();
        await producer.FlushAsync();

        var refusal = await Assert.ThrowsAsync<ProduceException>(() => deliveries[77]);
        Assert.Equal((ErrorCode.MessageTooLarge, PersistenceStatus.NotPersisted), (refusal.Error, refusal.Status));
        await Task.WhenAll(deliveries.Where((_, i) => i != 77));
        Assert.Equal(
            Enumerable.Range(0, 200).Where(i => i != 77).Select(Text),
            (await LogReader.ReadAllAsync(client, Topic)).Select(record => record.Value!.TrimStart()));
    }

    // The broker does not know the producer yet, and takes any sequence number: the second batch, which is small enough, as well.
    [Fact]
    public async Task Nothing_goes_before_a_first_batch_that_is_refused()
    {
        await using var broker = await TestBroker.StartAsync(partitions: 1, settings: ("message.max.bytes", "1000"));
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<Null, string>(new ProducerOptions { BatchSize = 1_500, Linger = TimeSpan.FromHours(1) });

        var deliveries = Enumerable.Range(0, 20).Select(i => producer.ProduceAsync(Topic, new() { Value = Text(i).PadLeft(100) }).AsTask()).ToArray();
        await producer.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), (await Task.WhenAll(deliveries)).Select(result => result.Offset));
    }

    [Fact]
    public async Task Without_acks_a_record_counts_as_delivered_once_it_is_sent()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<Null, string>(new ProducerOptions { Acks = Acks.None, EnableIdempotence = false });

        var results = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => producer.ProduceAsync(Topic, new() { Value = Text(i) }).AsTask()));

        Assert.All(results, result => Assert.Equal((-1, PersistenceStatus.PossiblyPersisted), (result.Offset, result.Status)));
    }

    [Fact]
    public async Task A_serializer_that_throws_tells_its_caller_only()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<Null, string>(valueSerializer: new Picky());

        await Assert.ThrowsAsync<FormatException>(async () => await producer.ProduceAsync(Topic, new() { Value = "bad" }));

        Assert.Equal(0, (await producer.ProduceAsync(Topic, new() { Value = "good" })).Offset);
    }

    // Pools fill as records come back: sooner or later a round finds in them all that it needs.
    [Fact]
    public async Task A_record_costs_its_caller_no_allocation_once_pools_are_filled()
    {
        const int records = 2_000;
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<Null, byte[]>();
        var message = new Message<Null, byte[]> { Value = new byte[100] };
        var deliveries = new ValueTask<DeliveryResult>[records];
        var least = double.MaxValue;
        for (var round = 0; round < 50 && least > 1; round++)
        {
            least = Math.Min(least, ProduceAll());
            foreach (var delivery in deliveries)
            {
                await delivery;
            }
        }

        Assert.InRange(least, 0, 1);

        double ProduceAll()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < records; i++)
            {
#pragma warning disable CA2012 // Each is awaited once, after its round.
                deliveries[i] = producer.ProduceAsync(Topic, message);
#pragma warning restore CA2012
            }

            return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / records;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed class LastPartition : IPartitioner
    {
        public int Partition(string topic, ReadOnlySpan<byte> key, bool hasKey, int partitionCount) => partitionCount - 1;
    }

    private sealed class Producing(Producer<string, string> inner) : ISerializer<string>
    {
        public void Serialize(string data, SerializationContext context, System.Buffers.IBufferWriter<byte> destination)
        {
            _ = inner.ProduceAsync("inner", new() { Key = "inner", Value = "inner" }).AsTask();
            Encoding.UTF8.GetBytes(data, destination);
        }
    }

    private sealed class Picky : ISerializer<string>
    {
        public void Serialize(string data, SerializationContext context, System.Buffers.IBufferWriter<byte> destination)
        {
            if (data == "bad")
            {
                throw new FormatException("bad");
            }

            Encoding.UTF8.GetBytes(data, destination);
        }
    }
}
