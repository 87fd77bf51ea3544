using OrleansBroker.Protocol;
using OrleansBroker.Simulation;

namespace OrleansBroker.Storage.Tests.Recovery;

/// <summary>What lies before the recovery point is not looked at after a power loss: it has to be on the disk, whatever happened to the log.</summary>
public class RecoveryPointTests
{
    private static readonly LogConfig _plain = LogHarness.Compacted with { Compact = false, Delete = true };

    private readonly LogHarness _log = LogHarness.Open(new SimulatedDisk(1), _plain);
    private int _sequence;

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void A_deleted_segment_that_comes_back_with_a_hole_costs_nothing(int behindLastSegment)
    {
        AppendSegment();
        _log.Log.Flush();
        WriteBack(LogHarness.Segment(_log.Log.Segments[1].BaseOffset, LogFileNames.ProducerSnapshot));
        AppendSegment();
        Append(4);
        var (middle, last) = (_log.Log.Segments[1].BaseOffset, _log.Log.Segments[2].BaseOffset);
        WriteBack(LogHarness.Segment(last));
        var start = last + behindLastSegment;
        var expected = _log.Records(from: start);

        Assert.Equal(ErrorCode.None, _log.Log.DeleteRecordsBefore(start));
        Assert.Equal(1, _log.Log.SegmentCount);
        _log.Directory.WriteCheckpoints();
        LosePower();
        Assert.Equal(-1, _log.Disk.ReadAll(LogHarness.Segment(middle)).AsSpan()[^64..].IndexOfAnyExcept((byte)0));

        var again = Reopen();
        Assert.Equal((start, expected.Count), (again.Log.LogStartOffset, again.Log.LogEndOffset - start));
        Assert.Equal(expected, again.Records());
        Assert.Equal(1, again.Log.SegmentCount);
        Assert.True(again.AppendAs(4000, _sequence - 1, ("key", new string('v', 200))).Duplicate);
    }

    [Fact]
    public void Deletion_of_records_flushes_nothing()
    {
        Append(5);
        Assert.Equal(ErrorCode.None, _log.Log.DeleteRecordsBefore(3));
        Assert.Equal(0, _log.Log.RecoveryPoint);
    }

    [Fact]
    public void What_takes_the_place_of_a_truncated_end_does_not_count_as_flushed()
    {
        AppendSegment();
        AppendSegment();
        AppendSegment();
        _log.Log.Flush();
        _log.Directory.WriteCheckpoints();
        var flushedTo = _log.Log.RecoveryPoint;

        _log.Log.TruncateTo(3);
        var kept = _log.Records();
        GrowTo(flushedTo);
        WriteBack(LogHarness.Segment(_log.Log.Segments[^1].BaseOffset));
        LosePower();

        AssertEndsAfter(kept);
    }

    [Fact]
    public void What_takes_the_place_of_a_damaged_end_does_not_count_as_flushed()
    {
        AppendSegment();
        AppendSegment();
        _log.Log.Flush();
        _log.Directory.WriteCheckpoints();
        var (flushedTo, last) = (_log.Log.RecoveryPoint, _log.Log.Segments[^1].BaseOffset);
        Append(3);
        _log.Log.Flush();
        _log.Disk.ProcessKill();
        _log.Disk.WriteAll(LogHarness.Segment(last), []);

        var cut = Reopen();
        Assert.Equal(last, cut.Log.LogEndOffset);
        Assert.True(cut.Log.RecoveryPoint <= last);
        Assert.True(last < flushedTo);
        Assert.All(
            Storage.Checkpoints.OffsetCheckpoint.Read(_log.Disk, LogHarness.DataPath, LogFileNames.RecoveryPointCheckpoint),
            written => Assert.Equal(last, written.Value));
    }

    [Fact]
    public void What_a_recovery_dropped_does_not_come_back_behind_a_clean_stop()
    {
        AppendSegment();
        AppendSegment();
        Append(3);
        foreach (var segment in _log.Log.Segments.Skip(1))
        {
            WriteBack(LogHarness.Segment(segment.BaseOffset));
        }

        LosePower();
        var cut = Reopen();
        Assert.Equal((0, 1), (cut.Log.LogEndOffset, cut.Log.SegmentCount));
        cut.Directory.CloseCleanly(_log.NowMs);
        LosePower();

        var again = Reopen();
        Assert.Equal((0, 1), (again.Log.LogEndOffset, again.Log.SegmentCount));
        Assert.Equal(ErrorCode.None, again.Append(("key", "value")).Error);
    }

    private void Append(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(ErrorCode.None, _log.AppendAs(4000, _sequence++, ("key", new string('v', 200))).Error);
        }
    }

    private void AppendSegment()
    {
        for (var segments = _log.Log.SegmentCount; _log.Log.SegmentCount == segments;)
        {
            Append(1);
        }
    }

    // By a producer of its own: the other's batches are cut off.
    private void GrowTo(long offset)
    {
        for (var sequence = 0; _log.Log.LogEndOffset < offset; sequence++)
        {
            Assert.Equal(ErrorCode.None, _log.AppendAs(5000, sequence, ("key", new string('w', 200))).Error);
        }
    }

    /// <summary>A system does so when it likes, with one file and not with another.</summary>
    private void WriteBack(string path)
    {
        using var file = _log.Disk.Open(path);
        file.Flush();
        _log.Disk.FlushDirectory(LogHarness.LogPath);
    }

    /// <summary>Names that stand in the directory since it was flushed stay, as do lengths; what was not flushed is zeros.</summary>
    private void LosePower()
    {
        _log.Disk.Faults = new DiskFaults
        {
            WriteSurvivalChance = 0, TornWriteChance = 0, LengthWithoutDataChance = 1, DirectoryOperationSurvivalChance = 0,
        };
        _log.Disk.PowerLoss();
    }

    private LogHarness Reopen() => LogHarness.Open(_log.Disk, _plain, _log.NowMs, bootId: "boot-2");

    private void AssertEndsAfter(List<string> kept)
    {
        var again = Reopen();
        Assert.Equal(kept, again.Records());
        Assert.Equal(kept.Count, again.Log.LogEndOffset);
    }
}
