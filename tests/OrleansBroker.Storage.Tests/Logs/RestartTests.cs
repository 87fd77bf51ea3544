using OrleansBroker.Protocol;

namespace OrleansBroker.Storage.Tests.Logs;

public sealed class RestartTests : IDisposable
{
    private readonly LogFixture _fixture = new(new LogConfig { SegmentBytes = 4000, IndexIntervalBytes = 300 });

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void All_that_was_appended_is_there_after_every_kind_of_restart(int kind)
    {
        for (var round = 0; round < 3; round++)
        {
            var before = Fill(100);
            Restart(kind);
            Assert.Equal(before, _fixture.ReadAll());
            Assert.Equal(_fixture.Log.LogEndOffset, before[^1] + 1);
        }

        Assert.Empty(_fixture.Logger.Lines);
    }

    [Fact]
    public void Files_are_Kafkas()
    {
        Fill(60);
        _fixture.Directory.CloseCleanly(LogFixture.NowMs);
        Assert.Contains("00000000000000000000.log", _fixture.FileNames());
        Assert.Contains("00000000000000000000.index", _fixture.FileNames());
        Assert.Contains("00000000000000000000.timeindex", _fixture.FileNames());
        Assert.Contains("00000000000000000060.snapshot", _fixture.FileNames());
        Assert.Contains("leader-epoch-checkpoint", _fixture.FileNames());
        Assert.Equal("version: 0\ntopic_id: nRwbEDwqT1OaPQpPWx8sPQ", File.ReadAllText($"{_fixture.LogPath}/partition.metadata"));
        Assert.Equal("0\n1\n0 0\n", File.ReadAllText($"{_fixture.LogPath}/leader-epoch-checkpoint"));
        Assert.Equal("0\n1\norders 0 60\n", File.ReadAllText($"{_fixture.Path}/recovery-point-offset-checkpoint"));
        Assert.Equal("0\n1\norders 0 60\n", File.ReadAllText($"{_fixture.Path}/replication-offset-checkpoint"));
        Assert.Contains("node.id=7\n", File.ReadAllText($"{_fixture.Path}/meta.properties"), StringComparison.Ordinal);
        Assert.True(File.Exists($"{_fixture.Path}/.kafka_cleanshutdown"));
        _fixture.Open();
        Assert.False(File.Exists($"{_fixture.Path}/.kafka_cleanshutdown"));
    }

    [Fact]
    public void A_torn_tail_is_cut_and_reported_with_file_and_position()
    {
        var before = Fill(10);
        _fixture.Directory.Dispose();
        var path = LogFileNames.ForOffset(_fixture.LogPath, 0, LogFileNames.Log);
        var length = new FileInfo(path).Length;
        using (var file = _fixture.Files.Open(path))
        {
            file.Write(length, LogFixture.Batch().AsSpan()[..^3]);
        }

        _fixture.Open();
        Assert.Equal(before, _fixture.ReadAll());
        Assert.Equal(length, new FileInfo(path).Length);
        Assert.Contains($"{path} is cut at position {length}, offset 10", Assert.Single(_fixture.Logger.Lines), StringComparison.Ordinal);
        Assert.Equal(10, _fixture.Append().BaseOffset);
    }

    [Fact]
    public void After_a_power_loss_segments_behind_a_bad_batch_are_dropped()
    {
        Fill(200);
        Assert.True(_fixture.Log.SegmentCount > 3);
        var second = _fixture.Log.Segments[1].BaseOffset;
        _fixture.Directory.Dispose();
        var path = LogFileNames.ForOffset(_fixture.LogPath, second, LogFileNames.Log);
        using (var file = _fixture.Files.Open(path))
        {
            file.Write(70, [0xFF]);
        }

        _fixture.BootId = "boot-2";
        _fixture.Open();
        Assert.Equal(second, _fixture.Log.LogEndOffset);
        Assert.Equal(2, _fixture.Log.SegmentCount);
        Assert.Equal(second, _fixture.Append().BaseOffset);
        Assert.False(_fixture.Directory.WasCleanStop);
    }

    [Fact]
    public void A_log_that_failed_makes_the_stop_one_that_may_have_lost_something()
    {
        Fill(1);
        _fixture.RestartAfterKill();
        Assert.True(_fixture.Directory.WasCleanStop);
        Directory.Delete(_fixture.LogPath, recursive: true);
        Assert.Throws<DirectoryNotFoundException>(_fixture.Log.Flush);
        Assert.True(_fixture.Log.IsFailed);

        _fixture.RestartAfterKill();
        Assert.False(_fixture.Directory.WasCleanStop);
        _fixture.RestartCleanly();
        Assert.True(_fixture.Directory.WasCleanStop);
    }

    [Fact]
    public void A_log_that_failed_counts_also_where_the_kill_comes_at_once()
    {
        Fill(1);
        Directory.Delete(_fixture.LogPath, recursive: true);
        Assert.Throws<DirectoryNotFoundException>(_fixture.Log.Flush);
        _fixture.Directory.Dispose();

        _fixture.Open();
        Assert.False(_fixture.Directory.WasCleanStop);
    }

    [Fact]
    public void A_log_that_failed_before_the_broker_served_counts_as_well()
    {
        Fill(1);
        _fixture.Directory.Dispose();
        _fixture.OpenOnly();
        Assert.True(_fixture.Directory.WasCleanStop);
        Directory.Delete(_fixture.LogPath, recursive: true);
        Assert.Throws<DirectoryNotFoundException>(_fixture.Log.Flush);
        _fixture.Directory.MarkRunning();
        _fixture.Directory.Dispose();

        _fixture.Open();
        Assert.False(_fixture.Directory.WasCleanStop);
    }

    [Fact]
    public void Corruption_before_the_recovery_point_is_left_to_be_found_when_read()
    {
        Fill(30);
        _fixture.Log.Flush();
        _fixture.Directory.WriteCheckpoints();
        Fill(70);
        _fixture.RestartAfterPowerLoss();
        Assert.Equal(100, _fixture.Log.LogEndOffset);
        Assert.Equal(30, _fixture.Log.RecoveryPoint);
    }

    [Fact]
    public void Missing_and_senseless_indexes_are_built_again()
    {
        var before = Fill(100);
        var newest = _fixture.Log.FindMaxTimestamp();
        _fixture.Directory.CloseCleanly(LogFixture.NowMs);
        foreach (var (name, i) in _fixture.FileNames().Where(name => name.EndsWith("index", StringComparison.Ordinal)).Select((name, i) => (name, i)))
        {
            var path = $"{_fixture.LogPath}/{name}";
            if (i % 2 == 0)
            {
                File.Delete(path);
            }
            else
            {
                File.WriteAllBytes(path, [.. Enumerable.Repeat((byte)0xEE, 240)]);
            }
        }

        _fixture.Open();
        Assert.Equal(before, _fixture.ReadAll());
        Assert.Equal(newest, _fixture.Log.FindMaxTimestamp());
        Assert.Equal(50, _fixture.Log.FindByTimestamp(LogFixture.NowMs + 50, long.MaxValue)!.Value.Offset);
    }

    [Fact]
    public void The_high_watermark_comes_back_and_never_passes_the_end()
    {
        Fill(10);
        _fixture.RestartCleanly();
        Assert.Equal(10, _fixture.Log.HighWatermark);
        Fill(10);
        _fixture.Directory.WriteCheckpoints();
        _fixture.Directory.Dispose();
        using (var file = _fixture.Files.Open(LogFileNames.ForOffset(_fixture.LogPath, 0, LogFileNames.Log)))
        {
            file.SetLength(file.Length - 1);
        }

        _fixture.Open();
        Assert.Equal((19, 19), (_fixture.Log.LogEndOffset, _fixture.Log.HighWatermark));
    }

    [Fact]
    public void Leftovers_are_removed_and_a_swap_is_completed()
    {
        var before = Fill(100);
        var segments = _fixture.Log.Segments.Select(segment => segment.BaseOffset).ToArray();
        _fixture.Directory.CloseCleanly(LogFixture.NowMs);
        string Name(long offset, string suffix) => LogFileNames.ForOffset(_fixture.LogPath, offset, suffix);
        File.Copy(Name(segments[0], ".log"), Name(segments[0], ".log.swap"));
        File.Copy(Name(segments[2], ".log"), Name(segments[2], ".log.cleaned"));
        File.Copy(Name(segments[2], ".log"), Name(segments[2], ".log.swap"));
        File.WriteAllText(Name(7, ".log.deleted"), "x");
        File.WriteAllText(Name(12345, ".index"), "x");
        File.WriteAllText($"{_fixture.LogPath}/partition.metadata.tmp", "x");
        System.IO.Directory.CreateDirectory($"{_fixture.Path}/gone-0.0123456789abcdef0123456789abcdef-delete");

        _fixture.Open();
        _fixture.Directory.DeleteExpired(LogFixture.NowMs);
        Assert.Equal(before, _fixture.ReadAll());
        Assert.DoesNotContain(_fixture.FileNames(), name => name.Contains("swap", StringComparison.Ordinal) || name.Contains("cleaned", StringComparison.Ordinal)
            || name.Contains("deleted", StringComparison.Ordinal) || name.Contains("tmp", StringComparison.Ordinal) || name.Contains("12345", StringComparison.Ordinal));
        Assert.Equal(["orders-0"], _fixture.Files.ListDirectories(_fixture.Path));
    }

    [Fact]
    public void A_second_process_is_refused_and_so_is_another_broker()
    {
        var options = new LogDirectoryOptions
        {
            Files = _fixture.Files, Path = _fixture.Path, Broker = new BrokerId(7), NowMs = 0, Logger = _fixture.Logger, BootId = "x",
        };
        Assert.Contains("in use", Assert.Throws<DataDirectoryException>(() => LogDirectory.Open(options)).Message, StringComparison.Ordinal);
        _fixture.Directory.CloseCleanly(0);
        Assert.Throws<DataDirectoryException>(() => LogDirectory.Open(options with { Broker = new BrokerId(8) }));
        Assert.Throws<DataDirectoryException>(() => LogDirectory.Open(options with { ClusterId = "another" }));
        using var opened = LogDirectory.Open(options);
        Assert.Equal(_fixture.Directory.ClusterId, opened.ClusterId);
        Assert.Equal(_fixture.Directory.DirectoryId, opened.DirectoryId);
        Assert.True(opened.WasCleanStop);
    }

    [Fact]
    public void What_was_deleted_stays_deleted_where_the_epochs_do_not_tell_of_it_any_more()
    {
        Fill(100);
        _fixture.Directory.WriteCheckpoints();
        _fixture.Log.DeleteRecordsBefore(50);
        Assert.Equal(50, _fixture.Log.Epochs.Entries[0].StartOffset);

        _fixture.RestartAfterKill();

        Assert.Equal((50, 100), (_fixture.Log.LogStartOffset, _fixture.Log.LogEndOffset));
    }

    [Fact]
    public void A_topic_of_the_same_name_starts_empty()
    {
        Fill(100);
        _fixture.Log.DeleteRecordsBefore(50);
        _fixture.Directory.WriteCheckpoints();
        _fixture.Directory.DeleteLog(LogFixture.Orders);
        Assert.Equal(ErrorCode.KafkaStorageError, _fixture.Append().Error);
        var again = _fixture.Directory.OpenLog(LogFixture.Orders, Guid.Parse("00000000-0000-0000-0000-000000000001"), _fixture.Config);
        Assert.Equal((0, 0), (again.LogStartOffset, again.LogEndOffset));
        again.Append(LogFixture.Batch(), new AppendOptions(new LeaderEpoch(0), LogFixture.NowMs));

        _fixture.Directory.Dispose();
        _fixture.Open();
        Assert.Contains(_fixture.Logger.Lines, line => line.Contains("leftover", StringComparison.Ordinal));
        Assert.Equal(0, _fixture.Log.LogEndOffset);
        _fixture.Directory.DeleteExpired(LogFixture.NowMs);
        _fixture.Directory.DeleteExpired(LogFixture.NowMs + 60_000);
        Assert.Equal(["orders-0"], _fixture.Files.ListDirectories(_fixture.Path));
    }

    [Fact]
    public void Leader_epochs_are_kept_and_cut_with_the_log()
    {
        _fixture.Log.BeginLeadership(new LeaderEpoch(1));
        _fixture.Append(LogFixture.Batch(10), epoch: 1);
        _fixture.Log.BeginLeadership(new LeaderEpoch(3));
        _fixture.Append(LogFixture.Batch(10), epoch: 3);
        _fixture.Log.BeginLeadership(new LeaderEpoch(4));
        _fixture.Log.BeginLeadership(new LeaderEpoch(5));
        EpochEntry[] expected = [new(new LeaderEpoch(1), 0), new(new LeaderEpoch(3), 10), new(new LeaderEpoch(5), 20)];
        Assert.Equal(expected, _fixture.Log.Epochs.Entries);
        Assert.Equal(new EpochEnd(new LeaderEpoch(1), 10), _fixture.Log.EndOffsetFor(new LeaderEpoch(2)));
        Assert.Equal(new EpochEnd(new LeaderEpoch(5), 20), _fixture.Log.EndOffsetFor(new LeaderEpoch(5)));
        Assert.Equal(EpochEnd.Unknown, _fixture.Log.EndOffsetFor(new LeaderEpoch(6)));
        Assert.Equal(new EpochEnd(new LeaderEpoch(0), 0), _fixture.Log.EndOffsetFor(new LeaderEpoch(0)));
        _fixture.RestartCleanly();
        Assert.Equal(new LeaderEpoch(3), _fixture.Log.Epochs.EpochOf(15));
        _fixture.Log.TruncateTo(10);
        Assert.Equal(expected[..1], _fixture.Log.Epochs.Entries);
        Assert.Equal(10, _fixture.Log.LogEndOffset);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Epochs_that_are_stored_elsewhere_are_found_in_their_batches(int restart)
    {
        _fixture.Log.Config = _fixture.Config = new LogConfig { SegmentBytes = 400 };
        for (var epoch = 1; epoch <= 40; epoch++)
        {
            _fixture.Log.BeginLeadership(new LeaderEpoch(epoch), isStored: true);
            _fixture.Append(LogFixture.Batch(1), epoch: epoch);
            if (epoch % 7 == 0)
            {
                _fixture.Log.Flush();
            }
        }

        var expected = _fixture.Log.Epochs.Entries;
        Assert.True(_fixture.Log.SegmentCount > 5);
        _fixture.Log.BeginLeadership(new LeaderEpoch(50), isStored: true);
        Assert.DoesNotContain("50 40", File.ReadAllText($"{_fixture.LogPath}/leader-epoch-checkpoint"), StringComparison.Ordinal);

        Restart(restart);

        Assert.Equal(expected, _fixture.Log.Epochs.Entries.Where(entry => entry.Epoch < new LeaderEpoch(50)));
        Assert.Equal(restart == 0, _fixture.Log.Epochs.Latest == new LeaderEpoch(50));
        Assert.Equal(40, _fixture.Log.LogEndOffset);
    }

    [Fact]
    public void Truncation_drops_batches_producers_and_segments()
    {
        for (var i = 0; i < 100; i++)
        {
            _fixture.AppendAs(1, sequence: i);
        }

        _fixture.Log.TruncateTo(40);
        Assert.Equal((40, 40), (_fixture.Log.LogEndOffset, _fixture.Log.HighWatermark));
        Assert.True(_fixture.AppendAs(1, sequence: 39).Duplicate);
        Assert.Equal(40, _fixture.AppendAs(1, sequence: 40).BaseOffset);
        Assert.Equal(Enumerable.Range(0, 41).Select(i => (long)i), _fixture.ReadAll());
        _fixture.RestartAfterKill();
        Assert.Equal(Enumerable.Range(0, 41).Select(i => (long)i), _fixture.ReadAll());
    }

    private List<long> Fill(int batches)
    {
        for (var i = 0; i < batches; i++)
        {
            Assert.Equal(ErrorCode.None, _fixture.Append(1, LogFixture.NowMs + _fixture.Log.LogEndOffset, valueBytes: 20).Error);
        }

        return _fixture.ReadAll();
    }

    private void Restart(int kind)
    {
        switch (kind)
        {
            case 0:
                _fixture.RestartCleanly();
                break;
            case 1:
                _fixture.RestartAfterKill();
                break;
            default:
                _fixture.RestartAfterPowerLoss();
                break;
        }
    }
}
