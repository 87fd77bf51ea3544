using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Client.Producing;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Client.Tests;

public sealed class ProduceRequestsTests
{
    private static readonly Guid IdOfA = new(1, 0, 0, new byte[8]);
    private static readonly Guid IdOfB = new(2, 0, 0, new byte[8]);

    private static readonly List<ProducerBatch> Batches = [Batch("a", 0), Batch("a", 1), Batch("b", 1)];

    private static readonly ProduceRequest Request = new()
    {
        TopicData =
        [
            new() { Name = "a", TopicId = IdOfA, PartitionData = [new() { Index = 0 }, new() { Index = 1 }] },
            new() { Name = "b", TopicId = IdOfB, PartitionData = [new() { Index = 1 }] },
        ],
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Answers_are_told_apart_in_any_order(bool byId)
    {
        var parts = new ProduceResponse.PartitionProduceResponse[3];

        Assert.True(ProduceRequests.TryMatch(Batches, Request, Response(Topic("b", byId, (1, 21)), Topic("a", byId, (1, 11), (0, 10))), parts));

        Assert.Equal([10L, 11L, 21L], parts.Select(part => part.BaseOffset));
    }

    [Fact]
    public void An_answer_that_leaves_out_or_repeats_or_invents_a_partition_is_none()
    {
        ProduceResponse[] bad =
        [
            Response(),
            Response(Topic("a", byId: true, (0, 0), (1, 0))),
            Response(Topic("a", byId: true, (0, 0), (0, 0)), Topic("b", byId: true, (1, 0))),
            Response(Topic("a", byId: true, (1, 0), (1, 0)), Topic("b", byId: true, (1, 0))),
            Response(Topic("a", byId: true, (0, 0), (1, 0)), Topic("b", byId: true, (0, 0))),
            Response(Topic("a", byId: true, (0, 0), (1, 0)), Topic("c", byId: false, (1, 0))),
            Response(Topic("a", byId: true, (0, 0), (1, 0)), Topic("b", byId: true, (1, 0)), Topic("b", byId: true, (1, 0))),
        ];

        Assert.All(bad, response => Assert.False(ProduceRequests.TryMatch(Batches, Request, response, new ProduceResponse.PartitionProduceResponse[3])));
    }

    private static ProducerBatch Batch(string topic, int partition)
    {
        var batch = new ProducerBatch(CompressionCodec.None, level: null, NullLogger.Instance);
        batch.Start(new PartitionQueue(null!, new TopicPartition(topic, partition)), nowMs: 0, deadlineMs: 1);
        return batch;
    }

    private static ProduceResponse Response(params ProduceResponse.TopicProduceResponse[] topics) => new() { Responses = topics };

    private static ProduceResponse.TopicProduceResponse Topic(string name, bool byId, params (int Partition, long Offset)[] parts) => new()
    {
        Name = byId ? string.Empty : name,
        TopicId = !byId ? Guid.Empty : name == "a" ? IdOfA : IdOfB,
        PartitionResponses = [.. parts.Select(part => new ProduceResponse.PartitionProduceResponse { Index = part.Partition, BaseOffset = part.Offset })],
    };
}
