using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Tests.Records;

/// <summary>
/// Goal: no bytes whatever make the reader of batches throw anything but <see cref="MalformedMessageException"/>.
/// Method: good batches of every codec, cut and overwritten at random under a CRC that is right, with a fixed budget.
/// </summary>
public sealed class RecordBatchDamageTests
{
    private const int Budget = 4000;
    private const int BytesMax = 1 << 16;

    public static TheoryData<CompressionCodec> Codecs => [.. Batches.AvailableCodecs];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Overwritten_bytes_are_a_problem_or_malformed(CompressionCodec codec)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var scratch = new PooledBuffer();
        for (var i = 0; i < Budget; i++)
        {
            var bytes = Batches.Simple(codec, random.Next(1, 8));
            for (var hits = random.Next(1, 4); hits > 0; hits--)
            {
                bytes[random.Next(RecordBatchFormat.AttributesAt, bytes.Length)] = (byte)random.Next(256);
            }

            Read(bytes, scratch, seed);
        }
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Payloads_cut_at_every_byte_are_a_problem_or_malformed(CompressionCodec codec)
    {
        var whole = Batches.Simple(codec, 5);
        using var scratch = new PooledBuffer();
        for (var length = RecordBatchFormat.HeaderBytes; length < whole.Length; length++)
        {
            var cut = whole[..length];
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(
                cut.AsSpan(RecordBatchFormat.LengthAt), length - RecordBatchFormat.LogOverheadBytes);
            var read = Read(cut, scratch, seed: 0);

            // Without its trailer a gzip member has still given all its bytes.
            Assert.True(!read || codec == CompressionCodec.Gzip, $"cut at {length}");
        }
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Bytes_behind_a_batch_of_no_records_are_malformed(CompressionCodec codec)
    {
        var bytes = Batches.Simple(codec, 2);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(RecordBatchFormat.CountAt), 0);
        RecordBatchStamp.Crc(bytes);
        Assert.Throws<MalformedMessageException>(() => Batches.Lines(bytes));
    }

    [Fact]
    public void Records_overwritten_under_any_codec_are_malformed_or_read()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var scratch = new PooledBuffer();
        using var builder = new RecordBatchBuilder(CompressionCodec.Snappy);
        var source = Batches.Simple(CompressionCodec.None, 5);
        for (var i = 0; i < Budget; i++)
        {
            var records = source.AsSpan(RecordBatchFormat.HeaderBytes).ToArray();
            for (var hits = random.Next(1, 4); hits > 0; hits--)
            {
                records[random.Next(records.Length)] = (byte)random.Next(256);
            }

            builder.StartLike(new RecordBatchView(source));
            builder.AppendAll(records, 5);
            Read(builder.Build().Span, scratch, seed);
        }
    }

    /// <summary>Whether every record was read.</summary>
    private static bool Read(Span<byte> bytes, PooledBuffer scratch, int seed)
    {
        try
        {
            if (RecordBatchView.TryParse(bytes, out var batch) != RecordBatchProblem.None)
            {
                return false;
            }

            RecordBatchStamp.Crc(bytes);
            Assert.True(batch.IsCrcValid());
            var reader = RecordReader.Open(batch, scratch, BytesMax);
            while (reader.TryRead(out var record))
            {
                foreach (var header in record.Headers)
                {
                    _ = header.Key.Length + header.Value.Length;
                }
            }

            return true;
        }
        catch (MalformedMessageException)
        {
            return false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"seed {seed}: {Convert.ToHexString(bytes)}: {e}");
            throw;
        }
    }
}
