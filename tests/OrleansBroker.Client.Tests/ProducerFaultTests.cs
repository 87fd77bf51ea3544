using System.Collections.Concurrent;
using System.Globalization;
using OrleansBroker.Embedded;
using OrleansBroker.Protocol;

namespace OrleansBroker.Client.Tests;

/// <summary>Connections that break, brokers that stop, die and hang: what was acknowledged is there once, and in order.</summary>
public sealed class ProducerFaultTests
{
    private const string Topic = "payments";

    [Fact]
    public async Task Lost_answers_neither_lose_nor_double_nor_reorder_records()
    {
        const int records = 4_000;
        using var proxy = new LossyProxy(seed: 7);
        await using var broker = await BehindAsync(proxy, partitions: 3);
        await using var client = ThroughProxy(proxy);
        await using var producer = client.CreateProducer<string, string>(new ProducerOptions { BatchSize = 300, Linger = TimeSpan.Zero });
        await producer.ProduceAsync(Topic, new() { Key = "warm", Value = "up" });

        proxy.Loss = 0.1;
        var deliveries = Enumerable.Range(0, records).Select(i => producer.ProduceAsync(Topic, new() { Key = Text(i % 10), Value = Text(i) }).AsTask()).ToArray();
        await Task.WhenAll(deliveries);
        proxy.Loss = 0;

        Assert.InRange(proxy.Breaks, 3, int.MaxValue);
        await AssertOnceAndInOrderAsync(client, records);
    }

    [Fact]
    public async Task A_broker_that_restarts_is_waited_for()
    {
        const int records = 3_000;
        await using var broker = await TestBroker.StartAsync(partitions: 2);
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<string, string>(new ProducerOptions { BatchSize = 300 });
        await producer.ProduceAsync(Topic, new() { Key = "warm", Value = "up" });

        var producing = ProduceAsync(producer, records);
        for (var restarts = 0; restarts < 2; restarts++)
        {
            await (restarts == 0 ? broker.Cluster.StopAsync(0) : broker.Cluster.KillAsync(0));
            await broker.Cluster.StartAsync(0);
        }

        await producing;
        await AssertOnceAndInOrderAsync(client, records);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_leader_that_dies_or_hangs_is_left_for_its_successor(bool hangs)
    {
        const int records = 3_000;
        await using var broker = await TestBroker.StartAsync(brokers: 3, partitions: 3);
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<string, string>(new ProducerOptions { BatchSize = 300 });
        await producer.ProduceAsync(Topic, new() { Key = "warm", Value = "up" });

        var producing = ProduceAsync(producer, records);
        if (hangs)
        {
            broker.Cluster.Pause(1);
        }
        else
        {
            await broker.Cluster.KillAsync(1);
        }

        await producing;
        await (hangs ? broker.Cluster.ResumeAsync(1) : broker.Cluster.StartAsync(1));
        await AssertOnceAndInOrderAsync(client, records);
    }

    [Fact]
    public async Task What_cannot_be_delivered_in_time_is_reported_record_by_record()
    {
        using var proxy = new LossyProxy(seed: 1);
        await using var broker = await BehindAsync(proxy, partitions: 1);
        await using var client = ThroughProxy(proxy);
        await using var producer = client.CreateProducer<string, string>(new ProducerOptions { DeliveryTimeout = TimeSpan.FromSeconds(3) });
        await WarmUpAsync(producer);

        proxy.IsHanging = true;
        var sent = producer.ProduceAsync(Topic, new() { Key = "0", Value = "sent" }).AsTask();
        var refusal = await Assert.ThrowsAsync<ProduceException>(() => sent);
        Assert.Equal((ErrorCode.RequestTimedOut, PersistenceStatus.PossiblyPersisted), (refusal.Error, refusal.Status));

        proxy.IsHanging = false;
        var next = await Until.SucceedsAsync(() => producer.ProduceAsync(Topic, new() { Key = "0", Value = "next" }).AsTask());
        Assert.Equal(PersistenceStatus.Persisted, next.Status);
    }

    [Fact]
    public async Task Records_that_expire_leave_no_gap_that_stops_the_others()
    {
        using var proxy = new LossyProxy(seed: 2);
        await using var broker = await BehindAsync(proxy, partitions: 1);
        await using var client = ThroughProxy(proxy);
        await using var producer = client.CreateProducer<string, string>(new ProducerOptions { DeliveryTimeout = TimeSpan.FromSeconds(1), BatchSize = 100 });
        await WarmUpAsync(producer);

        for (var round = 0; round < 3; round++)
        {
            // Nothing of what is sent now arrives.
            proxy.ConnectTo("127.0.0.1:1");
            proxy.BreakAll();
            var lost = Enumerable.Range(0, 20).Select(i => producer.ProduceAsync(Topic, new() { Key = "lost", Value = Text(i) }).AsTask()).ToArray();
            foreach (var delivery in lost)
            {
                await Assert.ThrowsAsync<ProduceException>(() => delivery);
            }

            proxy.ConnectTo(broker.Endpoint);
            var result = await Until.SucceedsAsync(() => producer.ProduceAsync(Topic, new() { Key = "kept", Value = Text(round) }).AsTask());
            Assert.Equal(PersistenceStatus.Persisted, result.Status);
        }

        var kept = (await LogReader.ReadAllAsync(client, Topic)).Where(record => record.Key == "kept").Select(record => record.Value);
        Assert.Equal(["0", "1", "2"], kept.Distinct());
    }

    /// <summary>On a slow machine this may take longer than a short delivery timeout allows.</summary>
    private static Task<DeliveryResult> WarmUpAsync(Producer<string, string> producer) =>
        Until.SucceedsAsync(() => producer.ProduceAsync(Topic, new() { Key = "warm", Value = "up" }).AsTask());

    private static Task<EmbeddedBroker> BehindAsync(LossyProxy proxy, int partitions)
    {
        var directory = Directory.CreateTempSubdirectory("orleansbroker-client-").FullName;
        return StartAsync();

        async Task<EmbeddedBroker> StartAsync()
        {
            var broker = await EmbeddedBroker.StartAsync(EmbeddedBrokerOptions.OnFreePort(
                directory, ("advertised.listeners", $"PLAINTEXT://127.0.0.1:{Text(proxy.Port)}"), ("num.partitions", Text(partitions))));
            proxy.ConnectTo(broker.Endpoint);
            return broker;
        }
    }

    private static KafkaClient ThroughProxy(LossyProxy proxy) => new(new ClientOptions { BootstrapServers = $"127.0.0.1:{Text(proxy.Port)}" });

    /// <summary>Keeps some records on their way, until all are delivered.</summary>
    private static async Task ProduceAsync(Producer<string, string> producer, int records)
    {
        var deliveries = new ConcurrentQueue<DeliveryReport>();
        for (var i = 0; i < records; i++)
        {
            await producer.EnqueueAsync(Topic, new() { Key = Text(i % 10), Value = Text(i) }, deliveries.Enqueue);
            if (i % 100 == 0)
            {
                await Task.Delay(20);
            }
        }

        await producer.FlushAsync();
        Assert.Equal(records, deliveries.Count);
        Assert.All(deliveries, report => Assert.True(report.IsDelivered, report.Error?.Message));
    }

    private static async Task AssertOnceAndInOrderAsync(KafkaClient client, int records)
    {
        var stored = (await LogReader.ReadAllAsync(client, Topic)).Where(record => record.Key != "warm").ToArray();
        Assert.Equal(Enumerable.Range(0, records), stored.Select(record => int.Parse(record.Value!, CultureInfo.InvariantCulture)).Order());
        Assert.All(stored.GroupBy(record => record.Key), ofKey =>
            Assert.Equal(ofKey.OrderBy(record => int.Parse(record.Value!, CultureInfo.InvariantCulture)).Select(record => record.Value), ofKey.Select(record => record.Value)));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
