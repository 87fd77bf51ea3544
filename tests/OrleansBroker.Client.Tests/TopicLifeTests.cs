using OrleansBroker.Client.Connections;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Client.Tests;

/// <summary>Topics that are deleted, created again, or not used any more.</summary>
public sealed class TopicLifeTests
{
    private const string Topic = "invoices";

    [Fact]
    public async Task A_topic_that_is_not_produced_to_any_more_is_not_brought_back_and_is_forgotten()
    {
        await using var broker = await TestBroker.StartAsync();
        var clock = new LeapingClock();
        await using var client = new KafkaClient(new ClientOptions { BootstrapServers = broker.BootstrapServers, Clock = clock });
        await using var producer = client.CreateProducer<Null, string>();
        await producer.ProduceAsync(Topic, new() { Value = "1" });

        await DeleteAsync(client);
        var view = client.Cluster.View;
        for (var id = view.Topics[Topic].Id; view.Topics[Topic].Id == id;)
        {
            view = await client.Cluster.RefreshAsync(view, CancellationToken.None);
        }

        Assert.Equal(ErrorCode.UnknownTopicOrPartition, view.Topics[Topic].Error);
        view = await client.Cluster.RefreshAsync(view, CancellationToken.None);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, view.Topics[Topic].Error);

        clock.Leap(TimeSpan.FromMinutes(6));
        view = await client.Cluster.RefreshAsync(view, CancellationToken.None);
        Assert.DoesNotContain(Topic, view.Topics.Keys);

        // Who produces to it wants it back.
        Assert.Equal(0, (await producer.ProduceAsync(Topic, new() { Value = "2" })).Offset);
    }

    [Fact]
    public async Task A_topic_that_came_back_with_fewer_partitions_is_produced_to_as_it_is()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = broker.Connect();
        await using var producer = client.CreateProducer<string, string>(new ProducerOptions { DeliveryTimeout = Until.Deadline });
        await CreateAsync(client, partitions: 3);
        await producer.ProduceAsync(new TopicPartition(Topic, 2), new() { Value = "before" });

        await DeleteAsync(client);
        await CreateAsync(client, partitions: 1);
        for (var view = client.Cluster.View; view.Topics[Topic].Partitions.Length != 1;)
        {
            view = await client.Cluster.RefreshAsync(view, CancellationToken.None);
        }

        // The sender takes note of it when it has something to do.
        await producer.ProduceAsync(new TopicPartition(Topic, 0), new() { Value = "after" });
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => producer.ProduceAsync(Topic, new() { Key = $"{i}", Value = "after" }).AsTask()));
        Assert.All(results, result => Assert.Equal(0, result.Partition));
        var refusal = await Assert.ThrowsAsync<ProduceException>(async () => await producer.ProduceAsync(new TopicPartition(Topic, 2), new() { Value = "bad" }));
        Assert.Contains("has 1 partitions", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task CreateAsync(KafkaClient client, int partitions)
    {
        var response = await AskAsync<CreateTopicsRequest, CreateTopicsResponse>(
            client, new() { Topics = [new() { Name = Topic, NumPartitions = partitions, ReplicationFactor = 1 }], TimeoutMs = 60_000 });
        Assert.Equal(ErrorCode.None, response.Topics[0].ErrorCode);
    }

    private static async Task DeleteAsync(KafkaClient client)
    {
        var response = await AskAsync<DeleteTopicsRequest, DeleteTopicsResponse>(client, new() { Topics = [new() { Name = Topic }], TimeoutMs = 60_000 });
        Assert.Equal(ErrorCode.None, response.Responses[0].ErrorCode);
    }

    /// <summary>Asks once only, however long it takes.</summary>
    private static async Task<TResponse> AskAsync<TRequest, TResponse>(KafkaClient client, TRequest request)
        where TRequest : class, IRequest<TResponse>
        where TResponse : class, IWireStruct, new()
    {
        var view = client.Cluster.View;
        while (view.Brokers.Count == 0)
        {
            view = await client.Cluster.RefreshAsync(view, CancellationToken.None);
        }

        var connection = await client.Cluster.ConnectAsync(view.Brokers.Keys[0], ConnectionPurpose.Requests, owner: null, CancellationToken.None);
        return await connection.SendAsync<TRequest, TResponse>(request, CancellationToken.None);
    }

    /// <summary>The real time, and what was leapt over.</summary>
    private sealed class LeapingClock : TimeProvider
    {
        private long _leapt;

        public void Leap(TimeSpan by) => Interlocked.Add(ref _leapt, (long)(by.TotalSeconds * TimestampFrequency));

        public override long GetTimestamp() => base.GetTimestamp() + Volatile.Read(ref _leapt);
    }
}
