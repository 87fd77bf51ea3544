using System.Text;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Cleaning;

namespace OrleansBroker.Storage.Tests.Cleaning;

public sealed class BatchFilterTests : IDisposable
{
    private const long NowMs = 1_700_000_000_000;

    private readonly OffsetMap _map = new(1 << 16, 0.9, 1000, new KeyHash(1, 2));
    private readonly BatchOpener _opener = new(1 << 20);
    private readonly BatchFilter _filter;
    private readonly PooledBuffer _output = new();

    public BatchFilterTests() => _filter = new BatchFilter(_opener);

    public static TheoryData<CompressionCodec> Codecs => [.. Enum.GetValues<CompressionCodec>().Where(RecordCompression.IsAvailable)];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void A_batch_that_loses_records_keeps_all_else(CompressionCodec codec)
    {
        Put("a", 102);
        Put("b", 101);
        var batch = Batch(codec, ("a", "old"), ("b", "only"), ("a", "new"));

        Assert.Equal(BatchOutcome.Rewritten, Apply(batch, keepEmpty: false));

        var before = new RecordBatchView(batch);
        var after = Output();
        Assert.True(after.IsCrcValid());
        Assert.Equal(["101:b=only@5001", "102:a=new@5002"], Records(after));
        Assert.Equal(codec, after.Compression);
        Assert.Equal((before.BaseOffset, before.LastOffset, before.PartitionLeaderEpoch), (after.BaseOffset, after.LastOffset, after.PartitionLeaderEpoch));
        Assert.Equal((77L, (short)3, 40, 42), (after.ProducerId, after.ProducerEpoch, after.BaseSequence, after.LastSequence));
        Assert.Equal((before.BaseTimestamp, 5002L), (after.BaseTimestamp, after.MaxTimestamp));
    }

    [Fact]
    public void The_max_timestamp_is_that_of_the_records_left()
    {
        Put("a", 100);
        Put("b", 102);
        Assert.Equal(BatchOutcome.Rewritten, Apply(Batch(CompressionCodec.None, ("a", "1"), ("b", "2")), keepEmpty: false));
        Assert.Equal(5000, Output().MaxTimestamp);
    }

    [Fact]
    public void A_batch_whose_records_all_stay_is_not_touched()
    {
        Put("a", 100);
        Assert.Equal(BatchOutcome.Unchanged, Apply(Batch(CompressionCodec.Gzip, ("a", "1"), ("unknown", "2")), keepEmpty: false));
        Assert.Equal(0, _output.Length);
    }

    [Fact]
    public void A_batch_without_records_goes_unless_it_must_stay()
    {
        Put("a", 200);
        var batch = Batch(CompressionCodec.Gzip, ("a", "1"), ("a", "2"));
        Assert.Equal(BatchOutcome.Dropped, Apply(batch, keepEmpty: false));
        Assert.Equal(BatchOutcome.Rewritten, Apply(batch, keepEmpty: true));

        var empty = Output();
        Assert.True(empty.IsCrcValid());
        Assert.Equal((0, 61, CompressionCodec.None), (empty.Count, empty.SizeBytes, empty.Compression));
        Assert.Equal((100L, 101L, 41, 5001L), (empty.BaseOffset, empty.LastOffset, empty.LastSequence, empty.MaxTimestamp));

        var again = empty.Bytes.ToArray();
        Assert.Equal(BatchOutcome.Unchanged, Apply(again, keepEmpty: true));
        Assert.Equal(BatchOutcome.Dropped, Apply(again, keepEmpty: false));
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void A_tombstone_gets_a_horizon_first_and_goes_when_it_has_come(CompressionCodec codec)
    {
        Put("a", 100);
        Put("b", 101);
        Assert.Equal(BatchOutcome.Rewritten, Apply(Batch(codec, ("a", null), ("b", "2")), keepEmpty: false, deleteRetentionMs: 500));
        var marked = Output().Bytes.ToArray();
        Assert.True(new RecordBatchView(marked).HasDeleteHorizon);
        Assert.Equal(NowMs + 500, new RecordBatchView(marked).BaseTimestamp);
        Assert.Equal(["100:a=@5000", "101:b=2@5001"], Records(new RecordBatchView(marked)));

        Assert.Equal(BatchOutcome.Unchanged, Apply(marked, keepEmpty: false, nowMs: NowMs + 499));
        Assert.Equal(BatchOutcome.Rewritten, Apply(marked, keepEmpty: false, nowMs: NowMs + 500));
        Assert.Equal(["101:b=2@5001"], Records(Output()));
    }

    [Fact]
    public void Records_past_the_end_of_the_map_stay_whatever_their_key()
    {
        Put("a", 200);
        Assert.Equal(BatchOutcome.Rewritten, Apply(Batch(CompressionCodec.None, ("a", "1"), ("a", "2")), keepEmpty: false, mapEnd: 101));
        Assert.Equal(["101:a=2@5001"], Records(Output()));
    }

    [Fact]
    public void Records_without_a_key_go()
    {
        Assert.Equal(BatchOutcome.Rewritten, Apply(Batch(CompressionCodec.None, (null, "1"), ("a", "2")), keepEmpty: false));
        Assert.Equal(["101:a=2@5001"], Records(Output()));
    }

    [Fact]
    public void A_batch_of_log_append_time_keeps_its_time()
    {
        Put("a", 101);
        var batch = Batch(CompressionCodec.None, ("a", "1"), ("a", "2"));
        RecordBatchStamp.LogAppendTime(batch, 9_999);
        Assert.Equal(BatchOutcome.Rewritten, Apply(batch, keepEmpty: false));
        Assert.True(Output().IsLogAppendTime);
        Assert.Equal(9_999, Output().MaxTimestamp);
    }

    [Fact]
    public void Control_batches_stay_as_they_are()
    {
        using var builder = new RecordBatchBuilder { IsControl = true, BaseOffset = 100 };
        builder.Append(5000, new byte[4], new byte[6]);
        Assert.Equal(BatchOutcome.Unchanged, Apply(builder.Build().ToArray(), keepEmpty: false));
    }

    [Fact]
    public void Records_outside_the_offsets_of_their_batch_are_refused()
    {
        using var builder = new RecordBatchBuilder { BaseOffset = 100, LastOffsetDelta = 1 };
        builder.Append(0, 5000, "a"u8, "1"u8);
        builder.Append(5, 5000, "b"u8, "2"u8);
        var batch = builder.Build().ToArray();
        Assert.Throws<MalformedMessageException>(() => Apply(batch, keepEmpty: false));
    }

    public void Dispose()
    {
        _map.Dispose();
        _opener.Dispose();
        _filter.Dispose();
        _output.Dispose();
    }

    private void Put(string key, long offset) => Assert.True(_map.TryPut(Encoding.UTF8.GetBytes(key), offset));

    private BatchOutcome Apply(byte[] batch, bool keepEmpty, long nowMs = NowMs, long deleteRetentionMs = 1000, long mapEnd = 1000)
    {
        _output.Clear();
        return _filter.Apply(new RecordBatchView(batch), new CompactionRules(_map, mapEnd, nowMs, deleteRetentionMs), keepEmpty, _output);
    }

    private RecordBatchView Output() => new(_output.Span);

    private static byte[] Batch(CompressionCodec codec, params (string? Key, string? Value)[] records)
    {
        using var builder = new RecordBatchBuilder(codec)
        {
            BaseOffset = 100, PartitionLeaderEpoch = 9, ProducerId = 77, ProducerEpoch = 3, BaseSequence = 40,
        };
        var timestamp = 5000;
        foreach (var (key, value) in records)
        {
            builder.Append(timestamp++, Bytes(key), Bytes(value));
        }

        return builder.Build().ToArray();
    }

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    private static List<string> Records(RecordBatchView batch)
    {
        var texts = new List<string>();
        using var scratch = new PooledBuffer();
        var reader = RecordReader.Open(batch, scratch, 1 << 20);
        while (reader.TryRead(out var record))
        {
            texts.Add($"{batch.BaseOffset + record.OffsetDelta}:{Encoding.UTF8.GetString(record.Key)}={Encoding.UTF8.GetString(record.Value)}@{batch.BaseTimestamp + record.TimestampDelta}");
        }

        return texts;
    }
}
