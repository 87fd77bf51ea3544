using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage;
using ListOffsetsPartitionResponse = OrleansBroker.Protocol.Messages.ListOffsetsResponse.ListOffsetsPartitionResponse;

namespace OrleansBroker.Server.Tests;

/// <summary>ListOffsets, OffsetForLeaderEpoch and DeleteRecords on a log of five records, with timestamps 1000, 3000, 2000, 5000 and 4000.</summary>
public sealed class OffsetTests : IAsyncLifetime
{
    private static readonly long[] Timestamps = [1_000, 3_000, 2_000, 5_000, 4_000];

    private readonly TestBroker _broker = new();
    private readonly TestClient _client;

    public OffsetTests()
    {
        _broker.CreateTopic("t", config: LogConfig.Default with { RetentionMs = -1 });
        _client = _broker.Connect();
        foreach (var timestamp in Timestamps)
        {
            using var builder = new RecordBatchBuilder();
            builder.Append(timestamp, default, new byte[] { 1 });
            _client.Call<ProduceRequest, ProduceResponse>(Batches.Produce("t", 0, builder.Build().ToArray()), 7);
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        _client.Dispose();
        return _broker.DisposeAsync().AsTask();
    }

    [Theory]
    [InlineData(ListOffsetsRequest.EarliestTimestamp, 0, -1)]
    [InlineData(ListOffsetsRequest.LatestTimestamp, 5, -1)]
    [InlineData(ListOffsetsRequest.MaxTimestamp, 3, 5_000)]
    [InlineData(ListOffsetsRequest.EarliestLocalTimestamp, 0, -1)]
    [InlineData(ListOffsetsRequest.LatestTieredTimestamp, -1, -1)]
    [InlineData(ListOffsetsRequest.EarliestPendingUploadTimestamp, -1, -1)]
    [InlineData(0, 0, 1_000)]
    [InlineData(1_001, 1, 3_000)]
    [InlineData(3_001, 3, 5_000)]
    [InlineData(5_001, -1, -1)]
    public void Offsets_are_found_by_timestamp(long timestamp, long offset, long found)
    {
        var answer = ListOffsets(timestamp, 11);
        Assert.Equal((ErrorCode.None, offset, found), (answer.ErrorCode, answer.Offset, answer.Timestamp));
        Assert.Equal(offset < 0 ? -1 : 0, answer.LeaderEpoch);
    }

    [Fact]
    public void A_damaged_batch_fails_its_partition_and_not_the_connection()
    {
        var file = _broker.Partitions.Find("t", 0)!.Log.Segments[0].File;
        file.Write(RecordBatchFormat.HeaderBytes, [99]);

        Assert.Equal(ErrorCode.KafkaStorageError, ListOffsets(999, 11).ErrorCode);
        Assert.Equal(5, ListOffsets(ListOffsetsRequest.LatestTimestamp, 11).Offset);
    }

    [Fact]
    public void Every_version_lists_offsets()
    {
        for (short version = 1; version <= 11; version++)
        {
            Assert.Equal(5, ListOffsets(ListOffsetsRequest.LatestTimestamp, version).Offset);
            Assert.Equal(2_999 + 1, ListOffsets(2_999, version).Timestamp);
        }
    }

    [Theory]
    [InlineData(ListOffsetsRequest.MaxTimestamp, 6)]
    [InlineData(ListOffsetsRequest.EarliestLocalTimestamp, 7)]
    [InlineData(ListOffsetsRequest.LatestTieredTimestamp, 8)]
    [InlineData(ListOffsetsRequest.EarliestPendingUploadTimestamp, 10)]
    [InlineData(-7, 11)]
    public void A_special_timestamp_is_not_known_before_its_version(long timestamp, short version) =>
        Assert.Equal(ErrorCode.UnsupportedVersion, ListOffsets(timestamp, version).ErrorCode);

    [Fact]
    public void Leader_epochs_and_unknown_partitions_are_checked()
    {
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, ListOffsets(ListOffsetsRequest.LatestTimestamp, 4, partition: 9).ErrorCode);
        Assert.Equal(ErrorCode.UnknownLeaderEpoch, ListOffsets(ListOffsetsRequest.LatestTimestamp, 4, epoch: 1).ErrorCode);
        Assert.Equal(ErrorCode.None, ListOffsets(ListOffsetsRequest.LatestTimestamp, 4, epoch: 0).ErrorCode);
    }

    [Fact]
    public void A_partition_that_is_named_twice_is_refused()
    {
        var partition = new ListOffsetsRequest.ListOffsetsPartition { Timestamp = -1 };
        var request = new ListOffsetsRequest { ReplicaId = -1, Topics = [new ListOffsetsRequest.ListOffsetsTopic { Name = "t", Partitions = [partition, partition] }] };
        var answers = _client.Call<ListOffsetsRequest, ListOffsetsResponse>(request, 5).Topics[0].Partitions;
        Assert.All(answers, answer => Assert.Equal(ErrorCode.InvalidRequest, answer.ErrorCode));
    }

    [Theory]
    [InlineData(0, 0, 5)]
    [InlineData(1, -1, -1)]
    [InlineData(-1, -1, -1)]
    public void The_end_of_an_epoch_is_told(int asked, int epoch, long end)
    {
        var partition = new OffsetForLeaderEpochRequest.OffsetForLeaderPartition { LeaderEpoch = asked };
        var request = new OffsetForLeaderEpochRequest { ReplicaId = -1, Topics = [new OffsetForLeaderEpochRequest.OffsetForLeaderTopic { Topic = "t", Partitions = [partition] }] };
        for (short version = 2; version <= 4; version++)
        {
            var answer = _client.Call<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>(request, version).Topics[0].Partitions[0];
            Assert.Equal((ErrorCode.None, epoch, end), (answer.ErrorCode, answer.LeaderEpoch, answer.EndOffset));
        }
    }

    [Fact]
    public void Deleted_records_are_out_of_range()
    {
        Assert.Equal((ErrorCode.None, 2), Delete("t", 2, 0));
        Assert.Equal(2, ListOffsets(ListOffsetsRequest.EarliestTimestamp, 4).Offset);
        var fetched = _client.Call<FetchRequest, FetchResponse>(Batches.Fetch("t", 1), 11).Responses[0].Partitions[0];
        Assert.Equal(ErrorCode.OffsetOutOfRange, fetched.ErrorCode);
        Assert.Equal((ErrorCode.OffsetOutOfRange, -1), Delete("t", 6, 1));
        Assert.Equal((ErrorCode.None, 5), Delete("t", -1, 2));
        Assert.Equal((ErrorCode.UnknownTopicOrPartition, -1), Delete("u", 0, 2));
    }

    [Fact]
    public void Records_of_internal_and_of_compacted_topics_stay()
    {
        _broker.CreateTopic("c", config: LogConfig.Default with { Compact = true, Delete = false });
        _broker.CreateTopic("__consumer_offsets", isInternal: true);
        Assert.Equal(ErrorCode.PolicyViolation, Delete("c", 0, 2).Error);
        Assert.Equal(ErrorCode.InvalidTopicException, Delete("__consumer_offsets", 0, 2).Error);
    }

    private (ErrorCode Error, long LowWatermark) Delete(string topic, long before, short version)
    {
        var partition = new DeleteRecordsRequest.DeleteRecordsPartition { Offset = before };
        var request = new DeleteRecordsRequest { Topics = [new DeleteRecordsRequest.DeleteRecordsTopic { Name = topic, Partitions = [partition] }], TimeoutMs = 5_000 };
        var answer = _client.Call<DeleteRecordsRequest, DeleteRecordsResponse>(request, version).Topics[0].Partitions[0];
        return (answer.ErrorCode, answer.LowWatermark);
    }

    private ListOffsetsPartitionResponse ListOffsets(long timestamp, short version, int partition = 0, int epoch = -1)
    {
        var asked = new ListOffsetsRequest.ListOffsetsPartition { PartitionIndex = partition, Timestamp = timestamp, CurrentLeaderEpoch = epoch };
        var request = new ListOffsetsRequest { ReplicaId = -1, Topics = [new ListOffsetsRequest.ListOffsetsTopic { Name = "t", Partitions = [asked] }] };
        return _client.Call<ListOffsetsRequest, ListOffsetsResponse>(request, version).Topics[0].Partitions[0];
    }
}
