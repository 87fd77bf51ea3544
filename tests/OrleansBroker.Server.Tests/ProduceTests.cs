using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Server.Tests;

public sealed class ProduceTests : IAsyncLifetime
{
    private readonly TestBroker _broker = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _broker.DisposeAsync().AsTask();

    [Theory]
    [InlineData(3, 1)]
    [InlineData(8, -1)]
    [InlineData(9, 1)]
    [InlineData(12, -1)]
    public void What_was_produced_is_fetched(short version, short acks)
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        Assert.Equal(0, Produce(client, Batches.Produce("t", 0, Batches.Of("a", "b"), acks), version).BaseOffset);
        Assert.Equal(2, Produce(client, Batches.Produce("t", 0, Batches.Of("c"), acks), version).BaseOffset);
        var fetched = client.Call<FetchRequest, FetchResponse>(Batches.Fetch("t", 0), 11).Responses[0].Partitions[0];
        Assert.Equal(ErrorCode.None, fetched.ErrorCode);
        Assert.Equal(3, fetched.HighWatermark);
        Assert.Equal(Batches.Of("a", "b").Length + Batches.Of("c").Length, fetched.Records.Length);
    }

    [Fact]
    public void Every_version_produces()
    {
        var id = _broker.CreateTopic("t");
        using var client = _broker.Connect();
        for (short version = 3; version <= 13; version++)
        {
            var request = Batches.Produce("t", 0, Batches.Of("v" + version));
            request.TopicData[0].TopicId = id;
            Assert.Equal(version - 3, Produce(client, request, version).BaseOffset);
        }
    }

    [Fact]
    public void Acks_0_is_not_answered()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        client.Send(Batches.Produce("t", 0, Batches.Of("a"), acks: 0), 7);
        client.ApiVersions();
        Assert.Equal(1, _broker.Partitions.Find("t", 0)!.HighWatermark);
    }

    [Fact]
    public void Acks_0_that_fails_closes_the_connection()
    {
        using var client = _broker.Connect();
        client.Send(Batches.Produce("unknown", 0, Batches.Of("a"), acks: 0), 7);
        Assert.True(client.IsClosed());
    }

    [Fact]
    public void Other_acks_are_refused()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        Assert.Equal(ErrorCode.InvalidRequiredAcks, Produce(client, Batches.Produce("t", 0, Batches.Of("a"), acks: 2), 7).ErrorCode);
    }

    [Fact]
    public void An_unknown_topic_partition_or_topic_id_is_named()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, Produce(client, Batches.Produce("u", 0, Batches.Of("a")), 7).ErrorCode);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, Produce(client, Batches.Produce("t", 1, Batches.Of("a")), 7).ErrorCode);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, Produce(client, Batches.Produce("t", -1, Batches.Of("a")), 7).ErrorCode);
        var byId = Batches.Produce("t", 0, Batches.Of("a"));
        byId.TopicData[0].TopicId = Guid.NewGuid();
        Assert.Equal(ErrorCode.UnknownTopicId, Produce(client, byId, 13).ErrorCode);
        byId.TopicData[0].TopicId = Guid.Empty;
        Assert.Equal(ErrorCode.UnknownTopicId, Produce(client, byId, 13).ErrorCode);
    }

    [Fact]
    public void An_internal_topic_is_written_by_the_admin_client_only()
    {
        _broker.CreateTopic("__consumer_offsets", isInternal: true);
        using var client = _broker.Connect();
        var request = Batches.Produce("__consumer_offsets", 0, Batches.Of("a"));
        Assert.Equal(ErrorCode.InvalidTopicException, Produce(client, request, 7).ErrorCode);
        var admin = client.Call<ProduceRequest, ProduceResponse>(request, 7, clientId: "__admin_client");
        Assert.Equal(ErrorCode.None, admin.Responses[0].PartitionResponses[0].ErrorCode);
    }

    [Fact]
    public void A_bad_batch_is_refused_and_its_neighbour_is_not()
    {
        _broker.CreateTopic("t", partitions: 2);
        using var client = _broker.Connect();
        var corrupt = Batches.Of("a");
        corrupt[^1] ^= 1;
        var request = Batches.Produce("t", 0, corrupt);
        request.TopicData[0].PartitionData =
        [
            request.TopicData[0].PartitionData[0],
            new ProduceRequest.PartitionProduceData { Index = 1, Records = new RecordSet(Batches.Of("b")) },
        ];
        var partitions = client.Call<ProduceRequest, ProduceResponse>(request, 8).Responses[0].PartitionResponses;
        Assert.Equal(ErrorCode.CorruptMessage, partitions[0].ErrorCode);
        Assert.Equal(-1, partitions[0].BaseOffset);
        Assert.Equal(ErrorCode.None, partitions[1].ErrorCode);
        Assert.Equal(0, partitions[1].BaseOffset);
    }

    [Fact]
    public void A_partition_carries_exactly_one_batch()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        Assert.Equal(ErrorCode.InvalidRecord, Produce(client, Batches.Produce("t", 0, [.. Batches.Of("a"), .. Batches.Of("b")]), 7).ErrorCode);
        Assert.Equal(ErrorCode.InvalidRecord, Produce(client, Batches.Produce("t", 0, []), 7).ErrorCode);
    }

    [Fact]
    public void A_batch_of_a_transaction_is_refused()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        using var builder = new RecordBatchBuilder { IsTransactional = true, ProducerId = 1, ProducerEpoch = 0, BaseSequence = 0 };
        builder.Append(1, default, "a"u8.ToArray());
        Assert.Equal(ErrorCode.InvalidTxnState, Produce(client, Batches.Produce("t", 0, builder.Build().ToArray()), 7).ErrorCode);
    }

    [Fact]
    public void A_request_of_many_megabytes_arrives_whole()
    {
        _broker.CreateTopic("t", config: Storage.LogConfig.Default with { MaxMessageBytes = 32 << 20 });
        using var client = _broker.Connect();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(i, Produce(client, Batches.Produce("t", 0, Batches.OfSize(20 << 20)), 7).BaseOffset);
        }

        Assert.True(SpinWait.SpinUntil(() => _broker.Listener.Budget.Used == 0, TimeSpan.FromSeconds(20)));
    }

    private static ProduceResponse.PartitionProduceResponse Produce(TestClient client, ProduceRequest request, short version) =>
        client.Call<ProduceRequest, ProduceResponse>(request, version).Responses[0].PartitionResponses[0];
}
