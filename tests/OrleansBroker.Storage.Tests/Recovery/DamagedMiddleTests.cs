using OrleansBroker.Protocol;
using OrleansBroker.Simulation;

namespace OrleansBroker.Storage.Tests.Recovery;

public class DamagedMiddleTests
{
    private static readonly LogConfig _plain = LogHarness.Compacted with { Compact = false, Delete = true };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_flipped_bit_in_flushed_records_is_reported_and_never_served(bool cleanStop)
    {
        var log = LogHarness.Open(new SimulatedDisk(1), _plain);
        while (log.Log.SegmentCount < 4)
        {
            log.Append(($"key-{log.Log.LogEndOffset}", new string('v', 100)));
        }

        var all = log.Records();
        var bytes = (int)log.Log.Segments[0].SizeBytes;
        log.Log.Flush();
        log.Directory.WriteCheckpoints();
        if (cleanStop)
        {
            log.Directory.CloseCleanly(log.NowMs);
        }

        log.Disk.ProcessKill();
        var (flips, errors) = (0, 0);
        for (var at = 0; at < bytes; at += 13)
        {
            var disk = log.Disk.Fork(at);
            disk.FlipBit(LogHarness.Segment(0), (at * 8L) + (at % 8));
            var logger = new RecordingLogger();
            var again = LogHarness.Open(disk, _plain, log.NowMs, logger, bootId: "boot-2");
            var (good, error) = ReadUntilError(again);

            // Base offset and leader epoch lie outside the CRC; everything else is found.
            Assert.Equal(all.Take(good.Count), good);
            flips++;
            if (error != ErrorCode.None)
            {
                errors++;
                Assert.Equal(ErrorCode.KafkaStorageError, error);
                Assert.Contains(logger.Messages, message => message.Contains("00000000000000000000.log") && message.Contains("position"));
            }

            Assert.True(error != ErrorCode.None || good.Count == all.Count || again.Log.LogEndOffset == good.Count);
            Assert.Equal(all[^5..], again.Log.LogEndOffset == all.Count ? again.Records(from: all.Count - 5) : all[^5..]);
        }

        Assert.True(errors > flips * 3 / 4, $"{errors} of {flips} flips were found");
    }

    private static (List<string> Records, ErrorCode Error) ReadUntilError(LogHarness log)
    {
        var records = new List<string>();
        for (var offset = log.Log.LogStartOffset; offset < log.Log.LogEndOffset; offset++)
        {
            var read = log.Log.Read(offset, 1, log.Log.LogEndOffset, atLeastOneBatch: true);
            if (read.Error != ErrorCode.None)
            {
                return (records, read.Error);
            }

            var bytes = new byte[read.Records.Length];
            read.Records.CopyTo(bytes);
            LogHarness.Decode(bytes, offset, records);
        }

        return (records, ErrorCode.None);
    }
}
