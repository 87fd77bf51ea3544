using System.Text;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Server.Tests;

/// <summary>Record batches and the requests that carry them.</summary>
internal static class Batches
{
    public static byte[] Of(params string[] values)
    {
        using var builder = new RecordBatchBuilder();
        foreach (var value in values)
        {
            builder.Append(1_700_000_000_000, default, Encoding.UTF8.GetBytes(value));
        }

        return builder.Build().ToArray();
    }

    public static byte[] OfSize(int bytes) => Of(new string('x', bytes));

    public static ProduceRequest Produce(string topic, int partition, byte[] batch, short acks = 1) => new()
    {
        Acks = acks,
        TimeoutMs = 5_000,
        TopicData =
        [
            new ProduceRequest.TopicProduceData
            {
                Name = topic,
                PartitionData = [new ProduceRequest.PartitionProduceData { Index = partition, Records = new RecordSet(batch) }],
            },
        ],
    };

    public static FetchRequest Fetch(string topic, long offset, int maxWaitMs = 0, int minBytes = 1, params int[] partitions) => new()
    {
        MaxWaitMs = maxWaitMs,
        MinBytes = minBytes,
        Topics =
        [
            new FetchRequest.FetchTopic
            {
                Topic = topic,
                Partitions = Array.ConvertAll(partitions.Length == 0 ? [0] : partitions, index => new FetchRequest.FetchPartition
                {
                    Partition = index,
                    FetchOffset = offset,
                    PartitionMaxBytes = 1 << 20,
                }),
            },
        ],
    };
}
