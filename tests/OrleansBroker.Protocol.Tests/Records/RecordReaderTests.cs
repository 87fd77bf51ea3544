using System.Text;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Tests.Records;

public sealed class RecordReaderTests
{
    [Fact]
    public void Null_and_empty_are_told_apart()
    {
        // length 6 | attributes | timestamp delta 0 | offset delta 0 | key null | value empty | no headers
        var reader = new RecordReader([12, 0, 0, 0, 1, 0, 0], 1);
        Assert.True(reader.TryRead(out var record));
        Assert.False(record.HasKey);
        Assert.True(record.HasValue);
        Assert.True(record.Value.IsEmpty);
        Assert.Equal(7, record.SizeBytes);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void Headers_are_read_in_order_with_null_values()
    {
        var lines = Batches.Lines(Batches.Simple(count: 2));
        Assert.Equal(["0@1700000000000 key-0=value-0- number:0 null:null", "1@1700000000001 key-1=value-1-v number:1 null:null"], lines);
    }

    /// <summary>Each a whole batch's records, wrong in one way.</summary>
    [Theory]
    [InlineData("length beyond the end", "0E000000010100")]
    [InlineData("length negative", "0B000000010100")]
    [InlineData("length too small for a record", "0A0000000101")]
    [InlineData("bytes after the fields", "0E00000001010000")]
    [InlineData("bytes after the last record", "0C00000001010000")]
    [InlineData("no bytes", "")]
    [InlineData("key length below -1", "0C000000030100")]
    [InlineData("key beyond the record", "0C000000080100")]
    [InlineData("value beyond the record", "0C000000010800")]
    [InlineData("header count negative", "0C000000010101")]
    [InlineData("header count beyond the record", "0C000000010102")]
    [InlineData("header count absurd", "140000000101FEFFFFFF0F")]
    [InlineData("header without key", "10000000010102" + "0101")]
    [InlineData("header value missing", "12000000010102" + "000804")]
    [InlineData("varint of six bytes", "160000808080808000010100")]
    [InlineData("varint of 33 bits", "14000080808080100101" + "00")]
    [InlineData("varlong of eleven bytes", "2000808080808080808080800000010100")]
    [InlineData("varlong of 65 bits", "1E0080808080808080808002" + "00010100")]
    public void Malformed_records_are_refused(string what, string hex)
    {
        var thrown = Record.Exception(() => ReadAll(Convert.FromHexString(hex), 1));
        Assert.True(thrown is MalformedMessageException, $"{what}: {thrown}");
    }

    [Fact]
    public void Fewer_records_than_counted_are_malformed() =>
        Assert.Throws<MalformedMessageException>(() => ReadAll([12, 0, 0, 0, 1, 1, 0], 2));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(63)]
    [InlineData(-64)]
    [InlineData(64)]
    [InlineData(-65)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Varints_come_back(int value)
    {
        Span<byte> bytes = stackalloc byte[10];
        var length = RecordVarint.Write(bytes, value);
        Assert.Equal(RecordVarint.Size(value), length);
        var position = 0;
        Assert.Equal(value, RecordVarint.ReadInt32(bytes[..length], ref position));
        Assert.Equal(length, position);
    }

    [Fact]
    public void Varlongs_come_back_at_every_power_of_two()
    {
        Span<byte> bytes = stackalloc byte[10];
        for (var shift = 0; shift < 64; shift++)
        {
            foreach (var value in new[] { 1L << shift, -(1L << shift), (1L << shift) - 1, ~(1L << shift) })
            {
                var length = RecordVarint.Write(bytes, value);
                Assert.Equal(RecordVarint.Size(value), length);
                var position = 0;
                Assert.Equal(value, RecordVarint.ReadInt64(bytes[..length], ref position));
            }
        }
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        var bytes = Batches.Simple(count: 100);
        ReadAll(bytes.AsSpan(RecordBatchFormat.HeaderBytes), 100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        ReadAll(bytes.AsSpan(RecordBatchFormat.HeaderBytes), 100);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_header_can_be_copied_out()
    {
        var reader = new RecordReader(Batches.Parse(Batches.Simple(count: 1)).Records, 1);
        Assert.True(reader.TryRead(out var record));
        var headers = new List<RecordHeader>();
        foreach (var header in record.Headers)
        {
            headers.Add(header.ToHeader());
        }

        Assert.Equal(2, record.HeaderCount);
        Assert.Equal("number", headers[0].Key);
        Assert.Equal("0", Encoding.UTF8.GetString(headers[0].Value!));
        Assert.Null(headers[1].Value);
    }

    private static void ReadAll(ReadOnlySpan<byte> records, int count)
    {
        var reader = new RecordReader(records, count);
        while (reader.TryRead(out _))
        {
        }
    }
}
