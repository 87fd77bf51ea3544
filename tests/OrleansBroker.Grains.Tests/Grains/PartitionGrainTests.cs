using System.Text;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Grains.Tests.Grains;

/// <summary>What applications of Orleans do with a partition, and Kafka's clients beside them.</summary>
[Collection(GrainCluster.Name)]
public sealed class PartitionGrainTests(GrainCluster cluster)
{
    [Fact]
    public async Task A_partition_is_served_where_its_leader_is_wherever_the_caller_is()
    {
        var topic = await cluster.TopicAsync("served-at-the-leader");
        var leader = await cluster.Silos.Client.LeaderAsync(topic);

        Assert.Equal(0, await cluster.Client.Partition(topic, 0).AppendAsync([Record("from a client")]));
        for (var broker = 0; broker < 3; broker++)
        {
            Assert.Equal(broker + 1, await cluster.Silos.GrainsAt(broker).Partition(topic, 0).AppendAsync([Record($"from silo {broker}")]));
        }

        Assert.Equal(leader, await cluster.Silos.WhereAsync(cluster.Client.Partition(topic, 0)));
        Assert.Equal(["from a client", "from silo 0", "from silo 1", "from silo 2"], await cluster.Silos.Client.ReadAsync(topic));
    }

    [Fact]
    public async Task What_a_client_of_Kafka_wrote_is_read_and_the_end_is_waited_for()
    {
        var topic = await cluster.TopicAsync("read-by-grains");
        var partition = cluster.Client.Partition(topic, 0);
        await cluster.Silos.Client.ProduceToLeaderAsync(topic, "one");

        var first = await partition.ReadAsync(0, TimeSpan.FromSeconds(30));
        var waiting = partition.ReadAsync(first.NextOffset, TimeSpan.FromSeconds(45));
        await cluster.Silos.Client.ProduceToLeaderAsync(topic, "two");
        var second = await waiting;

        Assert.Equal(["one"], first.Records.Select(Text));
        Assert.Equal(["two"], second.Records.Select(Text));
        Assert.Equal((1, 2), (first.NextOffset, second.NextOffset));
        Assert.Empty((await partition.ReadAsync(2, TimeSpan.Zero)).Records);
        Assert.Equal(ErrorCode.OffsetOutOfRange, (await Assert.ThrowsAsync<BrokerException>(() => partition.ReadAsync(3, TimeSpan.Zero))).Error);
    }

    [Theory]
    [InlineData(CompressionCodec.None)]
    [InlineData(CompressionCodec.Zstd)]
    public async Task A_record_comes_back_as_it_was(CompressionCodec compression)
    {
        var topic = await cluster.TopicAsync($"whole-records-{compression}".ToLowerInvariant());
        var partition = cluster.Client.Partition(topic, 0);
        var time = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);
        ProducerRecord[] records =
        [
            new(Bytes("key"), Bytes("value")) { Timestamp = time, Headers = [new("trace", Bytes("abc")), new("none", null)] },
            new(null, Bytes(string.Empty)) { Timestamp = time.AddSeconds(1) },
            new(Bytes("gone"), null) { Timestamp = time.AddSeconds(2) },
        ];

        await partition.AppendAsync(records, new AppendOptions { Compression = compression });
        var read = (await partition.ReadAsync(0, TimeSpan.FromSeconds(30))).Records;

        Assert.Equal(["0: key=value at 0", "1: null= at 1", "2: gone=null at 2"], read.Select(record => $"{record.Offset}: {Text(record.Key)}={Text(record.Value)} at {(record.Timestamp - time).TotalSeconds}"));
        Assert.Equal(["trace=abc", "none=null"], read[0].Headers.Select(header => $"{header.Key}={(header.Value is null ? "null" : Encoding.UTF8.GetString(header.Value))}"));
        Assert.Equal(2, (await partition.ReadAsync(1, TimeSpan.FromSeconds(30))).Records.Count);
        Assert.Equal((0, 3), (await partition.EarliestOffsetAsync(), await partition.LatestOffsetAsync()));
        Assert.Equal((1, null), (await partition.FindOffsetAsync(time.AddMilliseconds(500)), await partition.FindOffsetAsync(time.AddSeconds(3))));
    }

    [Theory]
    [InlineData(2_500, 2)]
    [InlineData(3_500, 3)]
    public void What_does_not_fit_when_it_is_decompressed_is_left_to_the_next_read(int bytesMax, int expected)
    {
        var batches = Enumerable.Range(0, 3).SelectMany(offset => Compressed(offset, bytes: 1_000)).ToArray();
        var records = new List<ConsumerRecord>();

        var next = PartitionGrainExtensions.ReadBatches(batches, 0, records, bytesMax);

        Assert.Equal((expected, expected), (next, records.Count));
        Assert.Throws<MalformedMessageException>(() => PartitionGrainExtensions.ReadBatches(Compressed(0, bytes: 1_000), 0, [], bytesMax: 100));
    }

    [Fact]
    public async Task An_append_of_an_idempotent_producer_that_is_made_again_is_not_doubled()
    {
        var topic = await cluster.TopicAsync("idempotent");
        var partition = cluster.Client.Partition(topic, 0);
        var id = (await cluster.Client.ProducerIds.NextAsync()).ProducerId;

        var first = await partition.AppendAsync([Record("a"), Record("b")], Idempotent(id, 0));
        var again = await partition.AppendAsync([Record("a"), Record("b")], Idempotent(id, 0));
        var next = await partition.AppendAsync([Record("c")], Idempotent(id, 2));
        var refused = await Assert.ThrowsAsync<BrokerException>(() => partition.AppendAsync([Record("e")], Idempotent(id, 4)));

        Assert.Equal((0, 0, 2), (first, again, next));
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, refused.Error);
        Assert.Equal(["a", "b", "c"], await cluster.Silos.Client.ReadAsync(topic));
    }

    [Fact]
    public async Task What_the_broker_refuses_is_answered_with_its_error_code()
    {
        var topic = await cluster.TopicAsync("refusals");
        var partition = cluster.Client.Partition(topic, 0);

        Assert.Equal(ErrorCode.UnknownTopicOrPartition, (await Assert.ThrowsAsync<BrokerException>(() => cluster.Client.Partition(topic, 7).AppendAsync([Record("a")]))).Error);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, (await Assert.ThrowsAsync<BrokerException>(() => cluster.Client.Partition("nobody", 0).LatestOffsetAsync())).Error);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, (await cluster.Silos.Service<IGrainFactory>(0).GetGrain<IPartitionGrain>("no partition").ReadAsync(new ReadRequest())).Error);
        Assert.Equal(ErrorCode.InvalidRequiredAcks, (await Assert.ThrowsAsync<BrokerException>(() => partition.AppendAsync([Record("a")], new AppendOptions { Acks = 2 }))).Error);
        Assert.NotEqual(ErrorCode.None, (await partition.AppendAsync(new AppendRequest { Batch = new byte[100] })).Error);
        Assert.Equal(ErrorCode.MessageTooLarge, (await Assert.ThrowsAsync<BrokerException>(() => partition.AppendAsync([new(new byte[2 << 20])]))).Error);
        Assert.Equal(ErrorCode.UnknownLeaderEpoch, (await partition.ReadAsync(new ReadRequest { CurrentLeaderEpoch = 99 })).Error);
        Assert.Equal(0, await partition.LatestOffsetAsync());
    }

    [Fact]
    public async Task A_batch_that_is_sent_is_not_written_to()
    {
        var topic = await cluster.TopicAsync("not-written-to");
        var leader = await cluster.Silos.Client.LeaderAsync(topic);
        var batch = await BatchAsync(topic);
        var before = batch.ToArray();

        // Within a silo the request is passed as it is.
        var local = cluster.Silos.GrainsAt(leader).Partition(topic, 0);
        Assert.Equal(1, (await local.AppendAsync(new AppendRequest { Batch = batch })).BaseOffset);
        Assert.Equal(2, (await local.AppendAsync(new AppendRequest { Batch = batch })).BaseOffset);

        Assert.Equal(before, batch.ToArray());
    }

    [Fact]
    public async Task Every_replica_tells_of_itself_at_its_own_broker()
    {
        var topic = await cluster.TopicAsync("replicas");
        var leader = await cluster.Silos.Client.LeaderAsync(topic);
        await cluster.Client.Partition(topic, 0).AppendAsync([Record("a"), Record("b")]);

        for (var broker = 0; broker < 3; broker++)
        {
            var replica = cluster.Client.Replica(topic, 0, broker);
            await cluster.Silos.Client.UntilAsync(async () => (await replica.DescribeAsync()).HighWatermark == 2, $"broker {broker} knows what is committed");
            var described = await replica.DescribeAsync();

            Assert.Equal((ErrorCode.None, broker == leader, true, leader, 0, 2), (described.Error, described.IsLeader, described.IsInSync, described.Leader, described.LogStartOffset, described.LogEndOffset));
            Assert.Equal(broker, await cluster.Silos.WhereAsync(replica));
        }

        Assert.Equal(ErrorCode.UnknownTopicOrPartition, (await cluster.Client.Replica("nobody", 0, 1).DescribeAsync()).Error);
        await Assert.ThrowsAnyAsync<Exception>(() => cluster.Client.Replica(topic, 0, 9).DescribeAsync());
    }

    private static byte[] Compressed(long baseOffset, int bytes)
    {
        using var builder = new RecordBatchBuilder(CompressionCodec.Zstd) { BaseOffset = baseOffset };
        builder.Append(0, default, new byte[bytes]);
        return builder.Build().ToArray();
    }

    private static AppendOptions Idempotent(long id, int sequence) => new() { ProducerId = id, BaseSequence = sequence };

    /// <summary>A batch of one record, as the topic has it now.</summary>
    private async Task<ReadOnlyMemory<byte>> BatchAsync(string topic)
    {
        var partition = cluster.Client.Partition(topic, 0);
        await partition.AppendAsync([Record("the batch")]);
        return (await partition.ReadAsync(new ReadRequest { Offset = 0, MaxWaitMs = 30_000 })).Batches;
    }

    private static ProducerRecord Record(string value) => new(Bytes(value));

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ConsumerRecord record) => Text(record.Value);

    private static string Text(ReadOnlyMemory<byte>? bytes) => bytes is { } some ? Encoding.UTF8.GetString(some.Span) : "null";
}
