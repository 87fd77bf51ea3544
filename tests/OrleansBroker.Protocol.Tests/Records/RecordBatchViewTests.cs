using System.Buffers.Binary;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Tests.Records;

public sealed class RecordBatchViewTests
{
    [Fact]
    public void A_batch_is_found_with_bytes_behind_it()
    {
        var bytes = Batches.Simple(baseOffset: 40);
        Assert.Equal(RecordBatchProblem.None, RecordBatchView.TryParse([.. bytes, 1, 2, 3], out var batch));
        Assert.Equal(bytes.Length, batch.SizeBytes);
        Assert.Equal(40, batch.BaseOffset);
        Assert.Equal(42, batch.LastOffset);
        Assert.Equal(43, batch.NextOffset);
        Assert.Equal(3, batch.Count);
        Assert.Equal(1_700_000_000_000, batch.BaseTimestamp);
        Assert.Equal(1_700_000_000_002, batch.MaxTimestamp);
        Assert.True(batch.IsCrcValid());
        Assert.Equal(bytes[RecordBatchFormat.HeaderBytes..], batch.Records.ToArray());
    }

    [Fact]
    public void Every_truncation_is_too_short()
    {
        var bytes = Batches.Simple();
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(RecordBatchProblem.TooShort, RecordBatchView.TryParse(bytes.AsSpan(0, length), out _));
            var expected = length < RecordBatchFormat.HeaderBytes ? RecordBatchProblem.TooShort : RecordBatchProblem.None;
            Assert.Equal(expected, RecordBatchView.TryParseHeader(bytes.AsSpan(0, length), out _));
        }
    }

    [Fact]
    public void Every_flipped_bit_under_the_crc_is_noticed()
    {
        var bytes = Batches.Simple(count: 1);
        for (var bit = 8 * RecordBatchFormat.CrcAt; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(new RecordBatchView(bytes).IsCrcValid());
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [InlineData(RecordBatchFormat.MagicAt, new byte[] { 1 }, RecordBatchProblem.BadMagic)]
    [InlineData(RecordBatchFormat.MagicAt, new byte[] { 3 }, RecordBatchProblem.BadMagic)]
    [InlineData(RecordBatchFormat.LengthAt, new byte[] { 0, 0, 0, 48 }, RecordBatchProblem.BadLength)]
    [InlineData(RecordBatchFormat.LengthAt, new byte[] { 255, 255, 255, 255 }, RecordBatchProblem.BadLength)]
    [InlineData(RecordBatchFormat.LengthAt, new byte[] { 0x7F, 255, 255, 255 }, RecordBatchProblem.BadLength)]
    [InlineData(RecordBatchFormat.LengthAt, new byte[] { 0x7F, 255, 255, 243 }, RecordBatchProblem.TooShort)]
    [InlineData(RecordBatchFormat.AttributesAt, new byte[] { 0, 5 }, RecordBatchProblem.BadCodec)]
    [InlineData(RecordBatchFormat.LastOffsetDeltaAt, new byte[] { 255, 255, 255, 255 }, RecordBatchProblem.BadOffset)]
    [InlineData(RecordBatchFormat.BaseOffsetAt, new byte[] { 0x7F, 255, 255, 255, 255, 255, 255, 253 }, RecordBatchProblem.BadOffset)]
    [InlineData(RecordBatchFormat.CountAt, new byte[] { 255, 255, 255, 255 }, RecordBatchProblem.BadCount)]
    [InlineData(RecordBatchFormat.CountAt, new byte[] { 0, 0, 0, 4 }, RecordBatchProblem.BadCount)]
    public void A_bad_field_has_its_problem(int position, byte[] field, RecordBatchProblem expected)
    {
        var bytes = Batches.Simple();
        field.CopyTo(bytes, position);
        Assert.Equal(expected, RecordBatchView.TryParse(bytes, out _));
    }

    [Fact]
    public void A_count_that_the_bytes_have_no_room_for_is_bad()
    {
        var bytes = Batches.Simple(count: 1);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(RecordBatchFormat.LastOffsetDeltaAt), int.MaxValue);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(RecordBatchFormat.CountAt), 1000);
        Assert.Equal(RecordBatchProblem.BadCount, RecordBatchView.TryParse(bytes, out _));
    }

    [Fact]
    public void The_last_sequence_wraps_to_zero()
    {
        using var builder = new RecordBatchBuilder { ProducerId = 7, ProducerEpoch = 1, BaseSequence = int.MaxValue - 1 };
        for (var i = 0; i < 4; i++)
        {
            builder.Append(0, NullableBytes.Null, default);
        }

        Assert.Equal(1, Batches.Parse(builder.Build().Span).LastSequence);
        Assert.Equal(RecordBatchFormat.NoSequence, Batches.Parse(Batches.Simple()).LastSequence);
    }

    [Fact]
    public void Stamps_change_what_they_name_and_the_crc_stays_valid()
    {
        var bytes = Batches.Simple();
        var crc = Batches.Parse(bytes).Crc;
        RecordBatchStamp.BaseOffset(bytes, 1_000_000_000_000);
        RecordBatchStamp.PartitionLeaderEpoch(bytes, 9);
        var batch = Batches.Parse(bytes);
        Assert.True(batch.IsCrcValid());
        Assert.Equal(crc, batch.Crc);
        Assert.Equal(1_000_000_000_002, batch.LastOffset);
        Assert.Equal(9, batch.PartitionLeaderEpoch);

        RecordBatchStamp.LogAppendTime(bytes, 1_800_000_000_000);
        batch = Batches.Parse(bytes);
        Assert.True(batch.IsCrcValid());
        Assert.True(batch.IsLogAppendTime);
        Assert.Equal(1_800_000_000_000, batch.MaxTimestamp);
        Assert.Equal(1_700_000_000_000, batch.BaseTimestamp);
    }
}
