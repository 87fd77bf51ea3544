using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Simulation;

namespace OrleansBroker.Storage.Tests.Recovery;

public class TornTailTests
{
    private static readonly LogConfig _oneSegment = LogHarness.Compacted with { Compact = false, Delete = true, SegmentBytes = 1 << 20 };

    [Fact]
    public void A_tail_torn_at_any_byte_ends_with_the_last_whole_batch()
    {
        var (disk, bytes, ends) = SomeBatches();
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            AssertEndsAt(disk, bytes[..cut], ends, cut);
        }
    }

    [Fact]
    public void Zeros_or_noise_behind_a_tail_torn_at_any_byte_are_cut_off()
    {
        var (disk, bytes, ends) = SomeBatches();
        var random = new Random(1);
        for (var cut = 0; cut < bytes.Length; cut++)
        {
            var torn = new byte[cut + 100];
            if (cut % 2 == 0)
            {
                random.NextBytes(torn);
            }

            bytes.AsSpan(0, cut).CopyTo(torn);
            // What follows by chance may be what was there.
            var same = torn.AsSpan(cut).CommonPrefixLength(bytes.AsSpan(cut));
            AssertEndsAt(disk, torn, ends, cut + same);
        }
    }

    [Fact]
    public void A_flipped_bit_in_the_tail_cuts_its_batch_off_and_is_reported()
    {
        var (disk, bytes, ends) = SomeBatches();
        var lastStart = ends[^2].Position;
        var good = LogHarness.Open(disk.Fork(1), _oneSegment).Records();
        for (var at = lastStart; at < bytes.Length; at++)
        {
            var fork = disk.Fork(at);
            fork.FlipBit(LogHarness.Segment(0), (at * 8L) + (at % 8));
            var logger = new RecordingLogger();
            var log = LogHarness.Open(fork, _oneSegment, logger: logger, bootId: "boot-2");
            var inBatch = at - lastStart;

            // Base offset and leader epoch lie outside the CRC: what they say is believed where it is possible.
            if (inBatch is < RecordBatchFormat.LengthAt or >= RecordBatchFormat.PartitionLeaderEpochAt and < RecordBatchFormat.MagicAt)
            {
                Assert.True(log.Log.LogEndOffset >= ends[^2].NextOffset);
                continue;
            }

            Assert.Equal(ends[^2].NextOffset, log.Log.LogEndOffset);
            Assert.Equal(good.Take((int)ends[^2].NextOffset), log.Records());
            Assert.Contains(logger.Messages, message => message.Contains("00000000000000000000.log") && message.Contains($"{lastStart}"));
        }
    }

    private static void AssertEndsAt(SimulatedDisk prepared, byte[] torn, List<(int Position, long NextOffset)> ends, int whole)
    {
        var disk = prepared.Fork(whole);
        disk.WriteAll(LogHarness.Segment(0), torn);
        var log = LogHarness.Open(disk, _oneSegment, bootId: "boot-2");
        var expected = ends.Last(end => end.Position <= whole);

        Assert.Equal(expected.NextOffset, log.Log.LogEndOffset);
        Assert.Equal(expected.Position, log.Log.SizeBytes);
        Assert.Equal(expected.NextOffset, log.Records().Count);
        Assert.Equal(ErrorCode.None, log.Append(("after", "the tear")).Error);
        Assert.Equal($"{expected.NextOffset}:after=the tear", log.Records()[^1]);
    }

    /// <summary>A disk with a few batches in one segment, its bytes, and where batches end.</summary>
    private static (SimulatedDisk Disk, byte[] Bytes, List<(int Position, long NextOffset)> Ends) SomeBatches()
    {
        var log = LogHarness.Open(new SimulatedDisk(1), _oneSegment);
        var i = 0;
        foreach (var codec in Enum.GetValues<CompressionCodec>().Where(RecordCompression.IsAvailable).Append(CompressionCodec.None))
        {
            log.Append(codec, ($"key-{i}", $"value-{i}"), ($"key-{i + 1}", new string('z', 50)));
            log.AppendAs(4000, i, ($"key-{i}", null));
            i++;
        }

        var bytes = log.Disk.ReadAll(LogHarness.Segment(0))[..(int)log.Log.SizeBytes];
        List<(int Position, long NextOffset)> ends = [(0, 0)];
        for (var position = 0; position < bytes.Length;)
        {
            Assert.Equal(RecordBatchProblem.None, RecordBatchView.TryParse(bytes.AsSpan(position), out var batch));
            position += batch.SizeBytes;
            ends.Add((position, batch.NextOffset));
        }

        log.Disk.ProcessKill();
        return (log.Disk, bytes, ends);
    }
}
