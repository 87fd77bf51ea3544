using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Tests.Records;

public sealed class RecordBatchBuilderTests
{
    public static TheoryData<CompressionCodec> Codecs => [.. Batches.AvailableCodecs];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Records_come_back_through_every_codec(CompressionCodec codec)
    {
        var bytes = Batches.Simple(codec, count: 1000, baseOffset: 5);
        Assert.Equal(codec, Batches.Parse(bytes).Compression);
        Assert.Equal(Batches.Lines(Batches.Simple(CompressionCodec.None, 1000, 5)), Batches.Lines(bytes));
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Header_fields_and_flags_come_back(CompressionCodec codec)
    {
        using var builder = new RecordBatchBuilder(codec)
        {
            BaseOffset = 100,
            PartitionLeaderEpoch = 3,
            ProducerId = 1L << 40,
            ProducerEpoch = 12,
            BaseSequence = 77,
            IsTransactional = true,
            IsControl = true,
            IsLogAppendTime = true,
            MaxTimestamp = 999,
            LastOffsetDelta = 10,
        };
        builder.SetDeleteHorizon(1234);
        builder.Append(2, 500, Array.Empty<byte>(), null);
        builder.Append(7, 600, null, Array.Empty<byte>());
        var bytes = builder.Build().ToArray();
        var batch = Batches.Parse(bytes);
        Assert.Equal(100, batch.BaseOffset);
        Assert.Equal(110, batch.LastOffset);
        Assert.Equal(3, batch.PartitionLeaderEpoch);
        Assert.Equal(1L << 40, batch.ProducerId);
        Assert.Equal(12, batch.ProducerEpoch);
        Assert.Equal(77, batch.BaseSequence);
        Assert.Equal(87, batch.LastSequence);
        Assert.True(batch.IsTransactional && batch.IsControl && batch.IsLogAppendTime && batch.HasDeleteHorizon);
        Assert.Equal(1234, batch.BaseTimestamp);
        Assert.Equal(999, batch.MaxTimestamp);
        Assert.Equal(["102@500 =null", "107@600 null="], Batches.Lines(bytes));
    }

    [Fact]
    public void A_rewritten_batch_keeps_offsets_sequences_and_what_is_left_of_its_records()
    {
        using var original = new RecordBatchBuilder { BaseOffset = 50, ProducerId = 4, ProducerEpoch = 0, BaseSequence = 9 };
        for (var i = 0; i < 10; i++)
        {
            original.Append(1000 - i, new byte[] { (byte)('a' + i) }, new byte[] { (byte)('A' + i) }, [new RecordHeader("h", [(byte)'x'])]);
        }

        var source = original.Build().ToArray();
        using var rewritten = new RecordBatchBuilder(CompressionCodec.Gzip);
        var batch = Batches.Parse(source);
        rewritten.StartLike(batch);
        var reader = new RecordReader(batch.Records, batch.Count);
        while (reader.TryRead(out var record))
        {
            if (record.OffsetDelta % 4 == 1)
            {
                rewritten.Append(record.OffsetDelta, batch.BaseTimestamp + record.TimestampDelta, record);
            }
        }

        var result = rewritten.Build().ToArray();
        var after = Batches.Parse(result);
        Assert.Equal(["51@999 b=B h:x", "55@995 f=F h:x", "59@991 j=J h:x"], Batches.Lines(result));
        Assert.Equal(3, after.Count);
        Assert.Equal(59, after.LastOffset);
        Assert.Equal(9, after.BaseSequence);
        Assert.Equal(18, after.LastSequence);
        Assert.Equal(999, after.MaxTimestamp);

        rewritten.StartLike(batch);
        rewritten.SetDeleteHorizon(2000);
        reader = new RecordReader(batch.Records, batch.Count);
        Assert.True(reader.TryRead(out var first));
        rewritten.Append(first.OffsetDelta, 1000, first);
        result = rewritten.Build().ToArray();
        Assert.Equal(["50@1000 a=A h:x"], Batches.Lines(result));
        Assert.Equal(2000, Batches.Parse(result).BaseTimestamp);
        Assert.Equal(59, Batches.Parse(result).LastOffset);
    }

    [Fact]
    public void A_batch_without_records_keeps_its_place()
    {
        using var builder = new RecordBatchBuilder(CompressionCodec.Zstd);
        builder.StartLike(Batches.Parse(Batches.Simple(count: 5, baseOffset: 30)));
        var bytes = builder.Build().ToArray();
        var batch = Batches.Parse(bytes);
        Assert.Equal(RecordBatchFormat.HeaderBytes, bytes.Length);
        Assert.Equal(CompressionCodec.None, batch.Compression);
        Assert.Equal(0, batch.Count);
        Assert.Equal(35, batch.NextOffset);
        Assert.Equal(1_700_000_000_004, batch.MaxTimestamp);
        Assert.Empty(Batches.Lines(bytes));
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Recompression_moves_all_records_in_one_piece(CompressionCodec codec)
    {
        var source = Batches.Simple(CompressionCodec.Snappy, 200, 11);
        var batch = Batches.Parse(source);
        using var scratch = new PooledBuffer();
        RecordCompression.Decompress(batch.Compression, batch.Records, scratch, 1 << 20);
        using var builder = new RecordBatchBuilder(codec);
        builder.StartLike(batch);
        builder.AppendAll(scratch.Span, batch.Count);
        var result = builder.Build().ToArray();
        Assert.Equal(codec, Batches.Parse(result).Compression);
        Assert.Equal(batch.MaxTimestamp, Batches.Parse(result).MaxTimestamp);
        Assert.Equal(Batches.Lines(source), Batches.Lines(result));
    }

    [Fact]
    public void Sizes_are_exact_without_compression_and_bounded_before()
    {
        using var builder = new RecordBatchBuilder();
        Assert.Equal(RecordBatchFormat.HeaderBytes, builder.SizeBytes);
        RecordHeader[] headers = [new("ü", new byte[300]), new("", null)];
        for (var i = 0; i < 100; i++)
        {
            var before = builder.SizeBytes;
            builder.Append((i + 1) * 1_000_000, i * 1_000_000_000_000L, new byte[i * 3], new byte[i * 100], headers);
            Assert.InRange(builder.SizeBytes - before, 1, RecordBatchBuilder.RecordBytesMax(i * 3, i * 100, headers));
        }

        Assert.Equal(builder.SizeBytes, builder.Build().Length);
        Assert.Equal(100, Batches.Lines(builder.Build().Span).Count);
    }

    [Fact]
    public void Batches_can_be_built_one_behind_the_other()
    {
        using var builder = new RecordBatchBuilder(CompressionCodec.Gzip);
        using var destination = new PooledBuffer();
        builder.Append(1, new byte[] { 65 }, NullableBytes.Null);
        var first = builder.BuildInto(destination);
        builder.Clear();
        builder.BaseOffset = 1;
        builder.Append(2, new byte[] { 66 }, NullableBytes.Null);
        var second = builder.BuildInto(destination);
        Assert.Equal(first + second, destination.Length);
        Assert.Equal(["0@1 A=null"], Batches.Lines(destination.Span));
        Assert.Equal(["1@2 B=null"], Batches.Lines(destination.Span[first..]));
    }

    [Fact]
    public void Offsets_must_ascend()
    {
        using var builder = new RecordBatchBuilder();
        builder.Append(3, 0, NullableBytes.Null, NullableBytes.Null);
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Append(3, 0, NullableBytes.Null, NullableBytes.Null));
        Assert.Throws<InvalidOperationException>(() => builder.SetDeleteHorizon(1));
    }
}
