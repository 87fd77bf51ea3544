using System.Globalization;
using System.Text;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Tests.Records;

/// <summary>Batches for tests to look at and to damage.</summary>
internal static class Batches
{
    public static readonly CompressionCodec[] AvailableCodecs = [.. Enum.GetValues<CompressionCodec>().Where(RecordCompression.IsAvailable)];

    public static byte[] Simple(CompressionCodec codec = CompressionCodec.None, int count = 3, long baseOffset = 0)
    {
        using var builder = new RecordBatchBuilder(codec) { BaseOffset = baseOffset };
        for (var i = 0; i < count; i++)
        {
            var text = i.ToString(CultureInfo.InvariantCulture);
            builder.Append(
                1_700_000_000_000 + i,
                Encoding.UTF8.GetBytes($"key-{text}"),
                Encoding.UTF8.GetBytes($"value-{text}-{new string('v', i % 50)}"),
                [new RecordHeader("number", Encoding.UTF8.GetBytes(text)), new RecordHeader("null", null)]);
        }

        return builder.Build().ToArray();
    }

    public static RecordBatchView Parse(ReadOnlySpan<byte> bytes)
    {
        Assert.Equal(RecordBatchProblem.None, RecordBatchView.TryParse(bytes, out var batch));
        return batch;
    }

    /// <summary>Every record as a line of text, null apart from empty.</summary>
    public static List<string> Lines(ReadOnlySpan<byte> bytes, int bytesMax = 10 << 20)
    {
        var batch = Parse(bytes);
        Assert.True(batch.IsCrcValid());
        using var scratch = new PooledBuffer();
        var reader = RecordReader.Open(batch, scratch, bytesMax);
        var lines = new List<string>();
        while (reader.TryRead(out var record))
        {
            var line = new StringBuilder();
            line.Append(CultureInfo.InvariantCulture, $"{batch.BaseOffset + record.OffsetDelta}@{batch.BaseTimestamp + record.TimestampDelta} ");
            line.Append(Text(record.HasKey, record.Key)).Append('=').Append(Text(record.HasValue, record.Value));
            foreach (var header in record.Headers)
            {
                line.Append(' ').Append(Encoding.UTF8.GetString(header.Key)).Append(':').Append(Text(header.HasValue, header.Value));
            }

            lines.Add(line.ToString());
        }

        return lines;
    }

    private static string Text(bool present, ReadOnlySpan<byte> bytes) => present ? Encoding.UTF8.GetString(bytes) : "null";
}
