using System.Text;
using OrleansBroker.Client.Connections;
using OrleansBroker.Client.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client.Tests;

/// <summary>Reads all that a topic holds, by plain Fetch requests.</summary>
internal static class LogReader
{
    private const short VersionByName = 12;

    public static async Task<List<StoredRecord>> ReadAllAsync(KafkaClient client, string topic)
    {
        var records = new List<StoredRecord>();
        client.Cluster.Watch(new TopicInterest(topic, MayCreate: false));
        var view = client.Cluster.View;
        while (!view.Topics.TryGetValue(topic, out var known) || known.Partitions.Length == 0 || known.Partitions.Any(partition => !partition.HasLeader))
        {
            view = await client.Cluster.RefreshAsync(view, CancellationToken.None);
        }

        foreach (var partition in view.Topics[topic].Partitions)
        {
            await ReadAsync(client, topic, partition, records);
        }

        return records;
    }

    private static async Task ReadAsync(KafkaClient client, string topic, PartitionView partition, List<StoredRecord> records)
    {
        var connection = await client.Cluster.ConnectAsync(partition.LeaderId, ConnectionPurpose.Requests, owner: null, CancellationToken.None);
        for (long offset = 0, end = long.MaxValue; offset < end;)
        {
            var request = new FetchRequest
            {
                MinBytes = 0,
                Topics = [new() { Topic = topic, Partitions = [new() { Partition = partition.Index, FetchOffset = offset, PartitionMaxBytes = 1 << 20 }] }],
            };
            var answer = await connection.SendAsync<FetchRequest, FetchResponse>(request, VersionByName, TimeSpan.FromSeconds(60), keepsFrame: true, runsInline: false, CancellationToken.None);
            using var frame = answer.Frame;
            var data = answer.Response.Responses[0].Partitions[0];
            Assert.Equal(ErrorCode.None, data.ErrorCode);
            end = data.HighWatermark;
            offset = Parse(partition.Index, data.Records.Memory.Span, offset, records);
        }
    }

    private static long Parse(int partition, ReadOnlySpan<byte> batches, long offset, List<StoredRecord> records)
    {
        using var scratch = new PooledBuffer();
        while (RecordBatchView.TryParse(batches, out var batch) == RecordBatchProblem.None)
        {
            Assert.True(batch.IsCrcValid());
            var reader = RecordReader.Open(batch, scratch, int.MaxValue);
            while (reader.TryRead(out var record))
            {
                var headers = new List<(string, string?)>();
                foreach (var header in record.Headers)
                {
                    headers.Add((Encoding.UTF8.GetString(header.Key), header.HasValue ? Encoding.UTF8.GetString(header.Value) : null));
                }

                records.Add(new StoredRecord(
                    partition,
                    batch.BaseOffset + record.OffsetDelta,
                    record.HasKey ? Encoding.UTF8.GetString(record.Key) : null,
                    record.HasValue ? Encoding.UTF8.GetString(record.Value) : null,
                    batch.BaseTimestamp + record.TimestampDelta,
                    [.. headers]));
            }

            offset = batch.NextOffset;
            batches = batches[batch.SizeBytes..];
        }

        return offset;
    }
}
