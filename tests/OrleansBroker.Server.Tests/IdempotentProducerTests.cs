using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using PartitionProduceResponse = OrleansBroker.Protocol.Messages.ProduceResponse.PartitionProduceResponse;

namespace OrleansBroker.Server.Tests;

public sealed class IdempotentProducerTests : IAsyncLifetime
{
    private readonly TestBroker _broker = new();
    private readonly TestClient _client;

    public IdempotentProducerTests()
    {
        _broker.CreateTopic("t");
        _client = _broker.Connect();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        _client.Dispose();
        return _broker.DisposeAsync().AsTask();
    }

    [Fact]
    public void Every_request_gets_an_id_of_its_own()
    {
        var ids = new HashSet<long>();
        for (short version = 0; version <= 5; version++)
        {
            var answer = _client.Call<InitProducerIdRequest, InitProducerIdResponse>(new InitProducerIdRequest(), version);
            Assert.Equal((ErrorCode.None, 0), (answer.ErrorCode, answer.ProducerEpoch));
            Assert.True(ids.Add(answer.ProducerId));
        }
    }

    [Theory]
    [InlineData("", ErrorCode.InvalidRequest)]
    [InlineData("transactional", ErrorCode.UnsupportedVersion)]
    public void A_transactional_id_is_refused(string id, ErrorCode error)
    {
        var answer = _client.Call<InitProducerIdRequest, InitProducerIdResponse>(new InitProducerIdRequest { TransactionalId = id, TransactionTimeoutMs = 1_000 }, 4);
        Assert.Equal((error, -1), (answer.ErrorCode, answer.ProducerId));
    }

    [Fact]
    public void A_batch_that_is_sent_again_is_acknowledged_with_its_first_offset()
    {
        Assert.Equal(0, Produce(sequence: 0).BaseOffset);
        Assert.Equal(1, Produce(sequence: 1).BaseOffset);
        var again = Produce(sequence: 0);
        Assert.Equal((ErrorCode.None, 0), (again.ErrorCode, again.BaseOffset));
        Assert.Equal(2, _broker.Partitions.Find("t", 0)!.HighWatermark);
    }

    [Fact]
    public void A_gap_in_the_sequence_is_refused()
    {
        Produce(sequence: 0);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, Produce(sequence: 2).ErrorCode);
    }

    [Fact]
    public void The_producers_of_a_partition_are_described()
    {
        Produce(sequence: 0);
        Produce(sequence: 1);
        var request = new DescribeProducersRequest { Topics = [new DescribeProducersRequest.TopicRequest { Name = "t", PartitionIndexes = [0, 1] }] };
        var answers = _client.Call<DescribeProducersRequest, DescribeProducersResponse>(request, 0).Topics[0].Partitions;
        var producer = Assert.Single(answers[0].ActiveProducers);
        Assert.Equal((7, 3, 1), (producer.ProducerId, producer.ProducerEpoch, producer.LastSequence));
        Assert.Equal(-1, producer.CurrentTxnStartOffset);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, answers[1].ErrorCode);
    }

    private PartitionProduceResponse Produce(int sequence)
    {
        using var builder = new RecordBatchBuilder { ProducerId = 7, ProducerEpoch = 3, BaseSequence = sequence };
        builder.Append(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), default, new byte[] { 1 });
        return _client.Call<ProduceRequest, ProduceResponse>(Batches.Produce("t", 0, builder.Build().ToArray(), acks: -1), 7).Responses[0].PartitionResponses[0];
    }
}
