using System.Buffers.Binary;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage.Tests.Logs;

public sealed class AppendTests : IDisposable
{
    private readonly LogFixture _fixture = new();

    public static TheoryData<CompressionCodec> Codecs => [.. Enum.GetValues<CompressionCodec>().Where(RecordCompression.IsAvailable)];

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [MemberData(nameof(Codecs))]
    public void A_batch_is_stored_as_it_came_but_for_offset_and_leader_epoch(CompressionCodec codec)
    {
        _fixture.Append(3);
        var batch = LogFixture.Batch(records: 5, codec: codec);
        var sent = batch.ToArray();

        var result = _fixture.Append(batch, epoch: 4);

        Assert.Equal((ErrorCode.None, 3L, 7L, -1L, 0L), (result.Error, result.BaseOffset, result.LastOffset, result.LogAppendTimeMs, result.LogStartOffset));
        var stored = new byte[sent.Length];
        var read = _fixture.Log.Read(3, int.MaxValue, 8, true).Records;
        read.CopyTo(stored);
        Assert.Equal((3L, 4), (new RecordBatchView(stored).BaseOffset, new RecordBatchView(stored).PartitionLeaderEpoch));
        Assert.Equal(sent[RecordBatchFormat.MagicAt..], stored[RecordBatchFormat.MagicAt..]);
    }

    [Fact]
    public void Each_kind_of_bad_batch_has_its_error()
    {
        Assert.Equal(ErrorCode.InvalidRecord, _fixture.Append([]).Error);
        Assert.Equal(ErrorCode.CorruptMessage, Change(batch => batch[^1] ^= 1, crc: false));
        Assert.Equal(ErrorCode.CorruptMessage, _fixture.Append(LogFixture.Batch()[..^1]).Error);
        Assert.Equal(ErrorCode.CorruptMessage, Change(batch => BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(8), -5), crc: false));
        Assert.Equal(ErrorCode.InvalidRecord, Change(batch => batch[RecordBatchFormat.MagicAt] = 1));
        Assert.Equal(ErrorCode.InvalidRecord, Change(batch => batch[RecordBatchFormat.CountAt + 3] = 0));
        Assert.Equal(ErrorCode.InvalidRecord, Change(batch => batch[RecordBatchFormat.LastOffsetDeltaAt + 3] = 1));
        Assert.Equal(ErrorCode.InvalidRecord, Change(batch => batch[7] = 1));
        Assert.Equal(ErrorCode.InvalidRecord, Change(batch => batch[RecordBatchFormat.AttributesAt + 1] |= (byte)RecordBatchFormat.ControlFlag));
        Assert.Equal(ErrorCode.InvalidTxnState, Change(batch => batch[RecordBatchFormat.AttributesAt + 1] |= (byte)RecordBatchFormat.TransactionalFlag));
        Assert.Equal(ErrorCode.InvalidTimestamp, Change(batch => batch[RecordBatchFormat.AttributesAt + 1] |= (byte)RecordBatchFormat.LogAppendTimeFlag));
        Assert.Equal(ErrorCode.InvalidRecord, Change(batch => batch[RecordBatchFormat.ProducerIdAt] = 0));
        Assert.Equal(0, _fixture.Log.LogEndOffset);
        Assert.Empty(_fixture.Logger.Lines);
    }

    [Fact]
    public void A_client_sends_exactly_one_batch()
    {
        byte[] two = [.. LogFixture.Batch(), .. LogFixture.Batch()];
        Assert.Equal(ErrorCode.InvalidRecord, _fixture.Append(two.ToArray()).Error);

        var result = _fixture.Append(two, AppendOrigin.Coordinator);
        Assert.Equal((0L, 1L), (result.BaseOffset, result.LastOffset));
        Assert.Equal([0, 1], _fixture.Read(0));
    }

    [Fact]
    public void Sizes_are_limited_by_the_topic_and_by_the_segment()
    {
        _fixture.Log.Config = new LogConfig { MaxMessageBytes = 200 };
        Assert.Equal(ErrorCode.MessageTooLarge, _fixture.Append(valueBytes: 200).Error);
        _fixture.Log.Config = new LogConfig { SegmentBytes = 200 };
        Assert.Equal(ErrorCode.RecordListTooLarge, _fixture.Append(valueBytes: 200).Error);
    }

    [Fact]
    public void Timestamps_are_bounded_to_both_sides()
    {
        _fixture.Log.Config = new LogConfig { TimestampBeforeMaxMs = 1000, TimestampAfterMaxMs = 1000 };
        var late = _fixture.Append(LogFixture.Batch(3, LogFixture.NowMs + 999, CompressionCodec.Gzip));
        Assert.Equal(ErrorCode.InvalidTimestamp, late.Error);
        Assert.Equal([2], late.RecordErrors!.Select(error => error.BatchIndex));
        var early = _fixture.Append(LogFixture.Batch(3, LogFixture.NowMs - 1001));
        Assert.Equal((ErrorCode.InvalidTimestamp, 0), (early.Error, early.RecordErrors!.Single().BatchIndex));
        Assert.Equal(ErrorCode.None, _fixture.Append(LogFixture.Batch(3)).Error);
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void Absurd_timestamps_are_refused_or_harmless(long timestampMs)
    {
        var batch = LogFixture.Batch();
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(RecordBatchFormat.MaxTimestampAt), timestampMs);
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(RecordBatchFormat.BaseTimestampAt), timestampMs);
        RecordBatchStamp.Crc(batch);
        _fixture.Append(batch);
        _fixture.Append(1);
        Assert.Equal(0, _fixture.Log.ApplyRetention(LogFixture.NowMs));
        _fixture.Log.RollIfDue(LogFixture.NowMs);
        _fixture.Log.FindByTimestamp(LogFixture.NowMs, long.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void A_compacted_topic_names_the_records_without_key(CompressionCodec codec)
    {
        _fixture.Log.Config = new LogConfig { Compact = true };
        var result = _fixture.Append(LogFixture.Batch(2, codec: codec, keys: false));
        Assert.Equal(ErrorCode.InvalidRecord, result.Error);
        Assert.Equal([0, 1], result.RecordErrors!.Select(error => error.BatchIndex));
        Assert.Equal(ErrorCode.None, _fixture.Append(LogFixture.Batch(2, codec: codec)).Error);
    }

    [Fact]
    public void Log_append_time_replaces_the_timestamps()
    {
        _fixture.Log.Config = new LogConfig { LogAppendTime = true };
        var result = _fixture.Append(LogFixture.Batch(2, timestampMs: 5));
        Assert.Equal(LogFixture.NowMs, result.LogAppendTimeMs);
        Assert.Equal([0], _fixture.Read(0));
        Assert.Equal(new TimestampedOffset(0, LogFixture.NowMs, new LeaderEpoch(0)), _fixture.Log.FindMaxTimestamp());
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void A_batch_takes_the_codec_of_the_topic(CompressionCodec codec)
    {
        _fixture.Log.Config = new LogConfig { Compression = codec };
        foreach (var sent in Enum.GetValues<CompressionCodec>().Where(RecordCompression.IsAvailable))
        {
            var offset = _fixture.Log.LogEndOffset;
            Assert.Equal(ErrorCode.None, _fixture.Append(LogFixture.Batch(4, codec: sent, valueBytes: 100)).Error);
            var stored = _fixture.Log.Read(offset, int.MaxValue, long.MaxValue, true).Records;
            var bytes = new byte[stored.Length];
            stored.CopyTo(bytes);
            Assert.Equal(RecordBatchProblem.None, RecordBatchView.TryParse(bytes, out var batch));
            Assert.True(batch.IsCrcValid());
            Assert.Equal((codec, 4, offset, offset + 3), (batch.Compression, batch.Count, batch.BaseOffset, batch.LastOffset));
        }
    }

    [Fact]
    public void A_replicated_batch_brings_its_offset_and_epoch()
    {
        var batch = LogFixture.Batch(2);
        RecordBatchStamp.BaseOffset(batch, 10);
        RecordBatchStamp.PartitionLeaderEpoch(batch, 3);
        var result = _fixture.Append(batch, AppendOrigin.Replication, epoch: 9);
        Assert.Equal((10L, 11L), (result.BaseOffset, result.LastOffset));
        Assert.Equal([new EpochEntry(new LeaderEpoch(3), 10)], _fixture.Log.Epochs.Entries);
        Assert.Equal(ErrorCode.OffsetOutOfRange, _fixture.Append(batch, AppendOrigin.Replication, epoch: 9).Error);
    }

    [Fact]
    public void A_flush_is_due_after_flush_messages()
    {
        _fixture.Log.Config = new LogConfig { FlushMessages = 3 };
        Assert.False(_fixture.Append(2).FlushDue);
        Assert.True(_fixture.Append(1).FlushDue);
        _fixture.Log.Flush();
        Assert.Equal(3, _fixture.Log.RecoveryPoint);
        Assert.False(_fixture.Append(1).FlushDue);
    }

    private ErrorCode Change(Action<byte[]> change, bool crc = true)
    {
        var batch = LogFixture.Batch();
        change(batch);
        if (crc)
        {
            RecordBatchStamp.Crc(batch);
        }

        return _fixture.Append(batch).Error;
    }

    [Fact]
    public void A_max_timestamp_that_is_too_new_and_no_records_is_refused()
    {
        var batch = LogFixture.Batch();
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(RecordBatchFormat.MaxTimestampAt), long.MaxValue - 5);
        BinaryPrimitives.WriteUInt32BigEndian(batch.AsSpan(RecordBatchFormat.CrcAt), Crc32C.Compute(batch.AsSpan(RecordBatchFormat.AttributesAt)));

        Assert.Equal(ErrorCode.InvalidTimestamp, _fixture.Append(batch).Error);
        Assert.Equal(0, _fixture.Log.LogEndOffset);
    }
}
