using System.Globalization;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Tests.Records;

/// <summary>That what real clients sent is read, and that the builder writes the same bytes.</summary>
public sealed class GoldenBatchTests
{
    private const string Text = "the same words over and over, the same words over and over";

    public static TheoryData<string, CompressionCodec> Kcat => new()
    {
        { GoldenBatches.KcatNone, CompressionCodec.None },
        { GoldenBatches.KcatGzip, CompressionCodec.Gzip },
        { GoldenBatches.KcatSnappy, CompressionCodec.Snappy },
        { GoldenBatches.KcatLz4, CompressionCodec.Lz4 },
        { GoldenBatches.KcatZstd, CompressionCodec.Zstd },
    };

    public static TheoryData<string, CompressionCodec> Python => new()
    {
        { GoldenBatches.PythonNone, CompressionCodec.None },
        { GoldenBatches.PythonGzip, CompressionCodec.Gzip },
        { GoldenBatches.PythonSnappy, CompressionCodec.Snappy },
        { GoldenBatches.PythonLz4, CompressionCodec.Lz4 },
    };

    [Theory]
    [MemberData(nameof(Kcat))]
    public void Batches_of_kcat_are_read(string hex, CompressionCodec codec)
    {
        if (!RecordCompression.IsAvailable(codec))
        {
            return;
        }

        var bytes = Convert.FromHexString(hex);
        var batch = Batches.Parse(bytes);
        Assert.Equal(codec, batch.Compression);
        Assert.Equal(bytes.Length, batch.SizeBytes);
        var lines = Batches.Lines(bytes);
        Assert.Equal(6, lines.Count);
        for (var i = 1; i <= 6; i++)
        {
            Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"{i - 1}@"), lines[i - 1], StringComparison.Ordinal);
            Assert.EndsWith($" key-{i}={Text} {i} source:kcat empty:", lines[i - 1], StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Python))]
    public void Batches_of_python_are_read(string hex, CompressionCodec codec)
    {
        if (!RecordCompression.IsAvailable(codec))
        {
            return;
        }

        var expected = Enumerable.Range(1, 6).Select(i => string.Create(
            CultureInfo.InvariantCulture,
            $"{i - 1}@{1_700_000_000_000 + (7 * i)} {(i == 3 ? "null" : $"key-{i}")}={(i == 5 ? "null" : $"{Text} {i}")} source:python empty:"));
        Assert.Equal(codec, Batches.Parse(Convert.FromHexString(hex)).Compression);
        Assert.Equal(expected, Batches.Lines(Convert.FromHexString(hex)));
    }

    [Theory]
    [InlineData(GoldenBatches.KcatNone)]
    [InlineData(GoldenBatches.PythonNone)]
    public void The_builder_writes_the_bytes_that_the_client_wrote(string hex)
    {
        var expected = Convert.FromHexString(hex);
        var batch = Batches.Parse(expected);
        using var builder = new RecordBatchBuilder { PartitionLeaderEpoch = batch.PartitionLeaderEpoch };
        var reader = new RecordReader(batch.Records, batch.Count);
        while (reader.TryRead(out var record))
        {
            var headers = new List<RecordHeader>();
            foreach (var header in record.Headers)
            {
                headers.Add(header.ToHeader());
            }

            builder.Append(
                batch.BaseTimestamp + record.TimestampDelta,
                record.HasKey ? record.Key : NullableBytes.Null,
                record.HasValue ? record.Value : NullableBytes.Null,
                [.. headers]);
        }

        Assert.Equal(hex, Convert.ToHexString(builder.Build().Span));
    }
}
