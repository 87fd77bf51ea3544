using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage.Tests.Logs;

public sealed class ReadTests : IDisposable
{
    private static readonly LogConfig s_small = new() { SegmentBytes = 16 << 10, IndexIntervalBytes = 512, SegmentIndexBytes = 4096 };

    private readonly LogFixture _fixture = new(s_small);

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Offsets_out_of_range_are_told_from_the_end()
    {
        _fixture.Append(3);
        Assert.Equal(ErrorCode.OffsetOutOfRange, _fixture.Log.Read(-1, 100, 3, true).Error);
        Assert.Equal(ErrorCode.OffsetOutOfRange, _fixture.Log.Read(4, 100, 4, true).Error);
        Assert.Empty(_fixture.Read(3));
    }

    [Fact]
    public void A_read_begins_with_the_batch_that_holds_the_offset()
    {
        _fixture.Append(5);
        _fixture.Append(5);
        Assert.Equal([0, 5], _fixture.Read(3));
        Assert.Equal([5], _fixture.Read(9));
    }

    [Fact]
    public void A_read_ends_with_a_whole_batch_within_its_bytes()
    {
        for (var i = 0; i < 10; i++)
        {
            _fixture.Append(1);
        }

        var bytes = LogFixture.Batch().Length;
        Assert.Equal([2, 3, 4], _fixture.Read(2, bytes * 4 - 1));
        Assert.Equal([2, 3, 4, 5], _fixture.Read(2, bytes * 4));
        Assert.Equal([2], _fixture.Read(2, 1));
        Assert.Empty(_fixture.Read(2, 1, atLeastOneBatch: false));
        Assert.Empty(_fixture.Read(2, 0, atLeastOneBatch: false));
    }

    [Fact]
    public void Nothing_at_or_behind_the_limit_is_read()
    {
        for (var i = 0; i < 300; i++)
        {
            _fixture.Append(2);
        }

        for (var limit = 2; limit <= 600; limit += 2)
        {
            var bases = _fixture.Read(0, limit: limit);
            Assert.True(bases[^1] < limit);
            Assert.Equal(limit - 2, _fixture.Read(limit - 2, limit: limit).Single());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(333)]
    [InlineData(5000)]
    [InlineData(1 << 20)]
    public void A_sequence_of_reads_meets_every_batch_once(int bytesMax)
    {
        var expected = new List<long>();
        for (var i = 0; i < 1000; i++)
        {
            expected.Add(_fixture.Append(1 + (i % 3), LogFixture.NowMs + i, valueBytes: i % 200).BaseOffset);
        }

        Assert.True(_fixture.Log.SegmentCount > 5);
        Assert.Equal(expected, _fixture.ReadAll(bytesMax));
        _fixture.RestartCleanly();
        Assert.Equal(expected, _fixture.ReadAll(bytesMax));
        foreach (var offset in expected)
        {
            Assert.Equal(offset, _fixture.Read(offset, 1)[0]);
        }
    }

    [Fact]
    public void Records_are_found_by_timestamp_in_every_codec()
    {
        var codecs = Enum.GetValues<CompressionCodec>().Where(RecordCompression.IsAvailable).ToArray();
        for (var i = 0; i < 400; i++)
        {
            _fixture.Append(LogFixture.Batch(5, LogFixture.NowMs + (i * 10), codecs[i % codecs.Length], valueBytes: 40));
        }

        Assert.True(_fixture.Log.SegmentCount > 3);
        for (var i = 0; i < 400; i++)
        {
            var first = LogFixture.NowMs + (i * 10);
            Assert.Equal(new TimestampedOffset(i * 5, first, new LeaderEpoch(0)), _fixture.Log.FindByTimestamp(first - 3, long.MaxValue));
            Assert.Equal(new TimestampedOffset((i * 5) + 3, first + 3, new LeaderEpoch(0)), _fixture.Log.FindByTimestamp(first + 3, long.MaxValue));
        }

        Assert.Null(_fixture.Log.FindByTimestamp(LogFixture.NowMs + 4000, long.MaxValue));
        Assert.Null(_fixture.Log.FindByTimestamp(LogFixture.NowMs + 3000, offsetLimit: 1000));
        Assert.Equal(1999, _fixture.Log.FindMaxTimestamp()!.Value.Offset);
    }

    [Fact]
    public void The_greatest_timestamp_need_not_be_the_last()
    {
        Assert.Null(_fixture.Log.FindMaxTimestamp());
        _fixture.Append(3);
        _fixture.Append(3, LogFixture.NowMs + 1000);
        _fixture.Append(3);
        var expected = new TimestampedOffset(5, LogFixture.NowMs + 1002, new LeaderEpoch(0));
        Assert.Equal(expected, _fixture.Log.FindMaxTimestamp());
        _fixture.RestartCleanly();
        Assert.Equal(expected, _fixture.Log.FindMaxTimestamp());
        Assert.Equal(3, _fixture.Log.FindByTimestamp(LogFixture.NowMs + 3, long.MaxValue)!.Value.Offset);
    }

    [Fact]
    public async Task Reads_beside_appends_see_whole_batches_only()
    {
        var appending = Task.Run(() =>
        {
            for (var i = 0; i < 3000; i++)
            {
                _fixture.Append(1 + (i % 4), LogFixture.NowMs + i, valueBytes: i % 300);
            }
        });
        long offset = 0;
        while (!appending.IsCompleted || offset < _fixture.Log.HighWatermark)
        {
            foreach (var baseOffset in _fixture.Read(offset, 4000, _fixture.Log.HighWatermark))
            {
                Assert.Equal(offset, baseOffset);
                offset = baseOffset + _fixture.Log.Read(baseOffset, 1, long.MaxValue, true).Records.Count();
            }
        }

        await appending;
        Assert.Equal(_fixture.Log.LogEndOffset, offset);
    }

    [Fact]
    public void Corruption_met_on_the_way_is_reported_and_not_served()
    {
        for (var i = 0; i < 10; i++)
        {
            _fixture.Append(1);
        }

        var batchBytes = LogFixture.Batch().Length;
        _fixture.RestartCleanly();
        using (var file = _fixture.Files.Open(LogFileNames.ForOffset(_fixture.LogPath, 0, LogFileNames.Log)))
        {
            file.Write((5 * batchBytes) + RecordBatchFormat.MagicAt, [99]);
        }

        Assert.Equal([2, 3, 4], _fixture.Read(2, 5 * batchBytes));
        Assert.Equal(ErrorCode.KafkaStorageError, _fixture.Log.Read(7, 100, 10, true).Error);
        Assert.Equal(ErrorCode.KafkaStorageError, _fixture.Log.Read(7, 100, 10, true).Error);
        var line = Assert.Single(_fixture.Logger.Lines);
        Assert.Contains($"00000000000000000000.log has no record batch at position {5 * batchBytes}", line, StringComparison.Ordinal);
    }
}
