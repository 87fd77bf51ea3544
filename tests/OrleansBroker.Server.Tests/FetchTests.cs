using System.Diagnostics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using PartitionData = OrleansBroker.Protocol.Messages.FetchResponse.PartitionData;

namespace OrleansBroker.Server.Tests;

public sealed class FetchTests : IAsyncLifetime
{
    private readonly TestBroker _broker = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _broker.DisposeAsync().AsTask();

    [Fact]
    public void Every_version_fetches()
    {
        var id = _broker.CreateTopic("t");
        using var client = _broker.Connect();
        var batch = Produce(client, "t", 0, "a");
        for (short version = 4; version <= 18; version++)
        {
            var request = Batches.Fetch("t", 0);
            request.Topics[0].TopicId = id;
            var partition = Fetch(client, request, version).Responses[0].Partitions[0];
            Assert.Equal(ErrorCode.None, partition.ErrorCode);
            Assert.Equal((1, 1), (partition.HighWatermark, partition.LastStableOffset));
            Assert.Equal(-1, partition.PreferredReadReplica);
            Assert.Equal(batch, partition.Records.Length);
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(30_000)]
    [InlineData(900_000)]
    public void Records_come_back_as_they_went_in(int bytes)
    {
        // Below and above the size from which records go from file to socket without passing through the process.
        _broker.CreateTopic("t", partitions: 3);
        using var client = _broker.Connect();
        var batch = Batches.OfSize(bytes);
        for (var partition = 0; partition < 3; partition++)
        {
            client.Call<ProduceRequest, ProduceResponse>(Batches.Produce("t", partition, batch), 7);
        }

        var fetched = Fetch(client, Batches.Fetch("t", 0, partitions: [0, 1, 2]), 11).Responses[0].Partitions;
        foreach (var partition in fetched)
        {
            Assert.Equal(batch[16..], partition.Records.Memory[16..].ToArray());
        }
    }

    [Fact]
    public void A_long_poll_is_answered_by_an_append()
    {
        _broker.CreateTopic("t");
        using var consumer = _broker.Connect();
        using var producer = _broker.Connect();
        for (var round = 0; round < 20; round++)
        {
            consumer.Send(Batches.Fetch("t", round, maxWaitMs: 20_000), 11);
            Produce(producer, "t", 0, "a");
            var response = consumer.Receive<FetchResponse>(FetchRequest.Api, 11, out _);
            Assert.Equal(round + 1, response.Responses[0].Partitions[0].HighWatermark);
            Assert.True(response.Responses[0].Partitions[0].Records.Length > 0);
        }
    }

    [Fact]
    public void A_long_poll_waits_for_min_bytes()
    {
        _broker.CreateTopic("t");
        using var consumer = _broker.Connect();
        using var producer = _broker.Connect();
        var bytes = Batches.Of("a").Length;
        consumer.Send(Batches.Fetch("t", 0, maxWaitMs: 20_000, minBytes: bytes * 3), 11);
        for (var i = 0; i < 3; i++)
        {
            Produce(producer, "t", 0, "a");
        }

        Assert.Equal(bytes * 3, consumer.Receive<FetchResponse>(FetchRequest.Api, 11, out _).Responses[0].Partitions[0].Records.Length);
    }

    [Fact]
    public void A_long_poll_without_records_is_answered_when_its_time_is_up()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        for (var round = 0; round < 3; round++)
        {
            var watch = Stopwatch.StartNew();
            var partition = Fetch(client, Batches.Fetch("t", 0, maxWaitMs: 50), 11).Responses[0].Partitions[0];
            Assert.Equal((ErrorCode.None, 0), (partition.ErrorCode, partition.Records.Length));
            Assert.InRange(watch.ElapsedMilliseconds, 49, 10_000);
        }
    }

    [Fact]
    public void A_long_poll_is_answered_when_its_topic_is_deleted()
    {
        var id = _broker.CreateTopic("t");
        using var client = _broker.Connect();
        using var other = _broker.Connect();
        client.Send(Batches.Fetch("t", 0, maxWaitMs: 20_000), 11);
        other.ApiVersions();
        _broker.DeleteTopic("t", id);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, client.Receive<FetchResponse>(FetchRequest.Api, 11, out _).Responses[0].Partitions[0].ErrorCode);
    }

    [Fact]
    public void An_error_in_any_partition_is_answered_at_once()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        var partitions = Fetch(client, Batches.Fetch("t", 0, maxWaitMs: 20_000, partitions: [0, 1]), 11).Responses[0].Partitions;
        Assert.Equal([ErrorCode.None, ErrorCode.UnknownTopicOrPartition], partitions.Select(partition => partition.ErrorCode));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    [InlineData(long.MaxValue)]
    public void An_offset_outside_the_log_is_out_of_range(long offset)
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        Produce(client, "t", 0, "a");
        var partition = Fetch(client, Batches.Fetch("t", offset, maxWaitMs: 20_000), 11).Responses[0].Partitions[0];
        Assert.Equal((ErrorCode.OffsetOutOfRange, -1), (partition.ErrorCode, partition.HighWatermark));
    }

    [Fact]
    public void The_leader_epoch_is_checked()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        var request = Batches.Fetch("t", 0);
        request.Topics[0].Partitions[0].CurrentLeaderEpoch = 1;
        Assert.Equal(ErrorCode.UnknownLeaderEpoch, Fetch(client, request, 11).Responses[0].Partitions[0].ErrorCode);
        request.Topics[0].Partitions[0].CurrentLeaderEpoch = 0;
        Assert.Equal(ErrorCode.None, Fetch(client, request, 11).Responses[0].Partitions[0].ErrorCode);
    }

    [Fact]
    public void A_fetch_offset_beyond_the_end_of_its_last_epoch_diverges()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        Produce(client, "t", 0, "a");
        var request = Batches.Fetch("t", 5);
        request.Topics[0].Partitions[0].LastFetchedEpoch = 0;
        var partition = Fetch(client, request, 12).Responses[0].Partitions[0];
        Assert.Equal(ErrorCode.None, partition.ErrorCode);
        Assert.Equal((0, 1), (partition.DivergingEpoch!.Epoch, partition.DivergingEpoch.EndOffset));
    }

    [Fact]
    public void An_unknown_topic_id_is_named()
    {
        using var client = _broker.Connect();
        var request = Batches.Fetch("t", 0);
        request.Topics[0].TopicId = Guid.NewGuid();
        Assert.Equal(ErrorCode.UnknownTopicId, Fetch(client, request, 13).Responses[0].Partitions[0].ErrorCode);
    }

    [Fact]
    public void Only_the_first_batch_may_exceed_what_is_allowed()
    {
        _broker.CreateTopic("t", partitions: 2);
        using var client = _broker.Connect();
        var first = Produce(client, "t", 0, new string('a', 5_000));
        Produce(client, "t", 0, "b");
        Produce(client, "t", 1, "c");
        var request = Batches.Fetch("t", 0, partitions: [0, 1]);
        request.MaxBytes = 100;
        Assert.Equal([first, 0], Fetch(client, request, 11).Responses[0].Partitions.Select(partition => partition.Records.Length));
    }

    [Fact]
    public void A_follower_that_is_assigned_nothing_is_refused()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        var request = Batches.Fetch("t", 0);
        request.ReplicaId = 3;
        Assert.Equal(ErrorCode.NotLeaderOrFollower, Fetch(client, request, 11).Responses[0].Partitions[0].ErrorCode);
    }

    [Fact]
    public void Many_consumers_of_one_partition_all_hear_of_an_append()
    {
        _broker.CreateTopic("t");
        using var producer = _broker.Connect();
        var consumers = Enumerable.Range(0, 50).Select(_ => _broker.Connect()).ToList();
        consumers.ForEach(consumer => consumer.Send(Batches.Fetch("t", 0, maxWaitMs: 20_000), 11));
        Produce(producer, "t", 0, "a");
        foreach (var consumer in consumers)
        {
            PartitionData partition = consumer.Receive<FetchResponse>(FetchRequest.Api, 11, out _).Responses[0].Partitions[0];
            Assert.Equal(1, partition.HighWatermark);
            consumer.Dispose();
        }
    }

    private static int Produce(TestClient client, string topic, int partition, string value)
    {
        var batch = Batches.Of(value);
        var response = client.Call<ProduceRequest, ProduceResponse>(Batches.Produce(topic, partition, batch), 7);
        Assert.Equal(ErrorCode.None, response.Responses[0].PartitionResponses[0].ErrorCode);
        return batch.Length;
    }

    private static FetchResponse Fetch(TestClient client, FetchRequest request, short version) =>
        client.Call<FetchRequest, FetchResponse>(request, version);
}
