using OrleansBroker.Protocol;
using OrleansBroker.Simulation;
using OrleansBroker.Storage.Producers;

namespace OrleansBroker.Storage.Tests.Logs;

public sealed class ProducerTests : IDisposable
{
    private readonly LogFixture _fixture = new(new LogConfig { SegmentBytes = 1000 });

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void A_new_producer_may_start_at_any_sequence()
    {
        Assert.Equal(ErrorCode.None, _fixture.AppendAs(1, sequence: 77).Error);
        Assert.Equal(ErrorCode.None, _fixture.AppendAs(1, sequence: 78).Error);
    }

    [Fact]
    public void The_last_five_batches_are_answered_again_with_their_offsets()
    {
        for (var i = 0; i < 7; i++)
        {
            _fixture.AppendAs(1, sequence: i * 2, records: 2);
        }

        for (var i = 2; i < 7; i++)
        {
            var again = _fixture.AppendAs(1, sequence: i * 2, records: 2);
            Assert.Equal((ErrorCode.None, true, i * 2L, (i * 2L) + 1), (again.Error, again.Duplicate, again.BaseOffset, again.LastOffset));
        }

        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, _fixture.AppendAs(1, sequence: 2, records: 2).Error);
        Assert.Equal(14, _fixture.Log.LogEndOffset);
    }

    [Fact]
    public void A_gap_and_a_different_length_are_out_of_order()
    {
        _fixture.AppendAs(1, sequence: 0, records: 3);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, _fixture.AppendAs(1, sequence: 4).Error);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, _fixture.AppendAs(1, sequence: 0, records: 2).Error);
        Assert.Equal(ErrorCode.None, _fixture.AppendAs(1, sequence: 3).Error);
    }

    [Fact]
    public void A_newer_epoch_starts_at_sequence_0_and_fences_the_older()
    {
        _fixture.AppendAs(1, sequence: 5);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, _fixture.AppendAs(1, sequence: 6, epoch: 1).Error);
        Assert.Equal(ErrorCode.None, _fixture.AppendAs(1, sequence: 0, epoch: 1).Error);
        Assert.Equal(ErrorCode.InvalidProducerEpoch, _fixture.AppendAs(1, sequence: 6).Error);
        Assert.Equal(ErrorCode.None, _fixture.AppendAs(1, sequence: 1, epoch: 1).Error);
    }

    [Fact]
    public void Sequence_numbers_wrap_at_the_greatest_int()
    {
        _fixture.AppendAs(1, sequence: int.MaxValue - 1, records: 4);
        var again = _fixture.AppendAs(1, sequence: int.MaxValue - 1, records: 4);
        Assert.True(again.Duplicate);
        Assert.Equal(ErrorCode.None, _fixture.AppendAs(1, sequence: 2).Error);
        _fixture.AppendAs(2, sequence: int.MaxValue);
        Assert.Equal(ErrorCode.None, _fixture.AppendAs(2, sequence: 0).Error);
        _fixture.RestartCleanly();
        Assert.True(_fixture.AppendAs(1, sequence: 2).Duplicate);
    }

    [Theory]
    [InlineData("clean")]
    [InlineData("kill")]
    [InlineData("power loss")]
    public void Producers_survive_every_kind_of_restart(string kind)
    {
        for (var i = 0; i < 40; i++)
        {
            _fixture.AppendAs(1 + (i % 3), sequence: i / 3);
        }

        Assert.True(_fixture.Log.SegmentCount > 2);
        Restart(kind);

        Assert.True(_fixture.AppendAs(1, sequence: 13).Duplicate);
        Assert.Equal(39, _fixture.AppendAs(1, sequence: 13).BaseOffset);
        Assert.Equal(ErrorCode.None, _fixture.AppendAs(1, sequence: 14).Error);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, _fixture.AppendAs(2, sequence: 14).Error);
        var third = _fixture.Log.ActiveProducers().Single(producer => producer.Id == new ProducerId(3));
        Assert.Equal((12, 38L, (short)0), (third.LastSequence, third.LastOffset, third.Epoch));
    }

    // A client with several batches in flight sends all of them again when their leader has ended.
    [Theory]
    [InlineData("clean")]
    [InlineData("kill")]
    [InlineData("power loss")]
    public void All_batches_that_may_be_in_flight_are_known_after_every_kind_of_restart(string kind)
    {
        for (var i = 0; i < 6; i++)
        {
            _fixture.AppendAs(1, sequence: i * 2, records: 2);
            _fixture.AppendAs(2, sequence: i);
        }

        _fixture.Log.RollIfDue(LogFixture.NowMs + (long)TimeSpan.FromDays(30).TotalMilliseconds);
        _fixture.Append();
        Restart(kind);

        for (var i = 1; i < 6; i++)
        {
            var again = _fixture.AppendAs(1, sequence: i * 2, records: 2);
            Assert.Equal((ErrorCode.None, true, i * 3L, (i * 3L) + 1), (again.Error, again.Duplicate, again.BaseOffset, again.LastOffset));
        }

        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, _fixture.AppendAs(1, sequence: 0, records: 2).Error);
        Assert.Equal(ErrorCode.None, _fixture.AppendAs(1, sequence: 12).Error);
    }

    [Fact]
    public void A_snapshot_of_what_was_cut_off_does_not_come_back_with_a_power_loss()
    {
        var disk = new SimulatedDisk(1) { Faults = new() { WriteSurvivalChance = 1, DirectoryOperationSurvivalChance = 0 } };
        using var fixture = new LogFixture(new LogConfig(), disk);
        fixture.Append();
        fixture.AppendAs(1, sequence: 0);
        fixture.AppendAs(1, sequence: 1);
        fixture.RestartCleanly();
        Assert.Contains("00000000000000000003.snapshot", fixture.FileNames());
        fixture.Files.FlushDirectory(fixture.LogPath);

        fixture.Log.BeginFollowing(new LeaderEpoch(1));
        Assert.True(fixture.Log.TryTruncateTo(1, new LeaderEpoch(1)));
        fixture.Log.BeginLeadership(new LeaderEpoch(2), isStored: true);
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(ErrorCode.None, fixture.Append(LogFixture.Batch(producerId: 2, sequence: i), epoch: 2).Error);
        }

        disk.PowerLoss();
        fixture.BootId = "boot-2";
        fixture.Open();

        Assert.Equal(5, fixture.Log.LogEndOffset);
        Assert.Equal(new ProducerId(2), Assert.Single(fixture.Log.ActiveProducers()).Id);
    }

    [Fact]
    public void A_bad_snapshot_is_dropped_and_made_up_for_from_the_batches()
    {
        for (var i = 0; i < 30; i++)
        {
            _fixture.AppendAs(1, sequence: i);
        }

        _fixture.Directory.CloseCleanly(LogFixture.NowMs);
        foreach (var name in _fixture.FileNames().Where(name => name.EndsWith(LogFileNames.ProducerSnapshot, StringComparison.Ordinal)))
        {
            using var file = _fixture.Files.Open($"{_fixture.LogPath}/{name}");
            file.Write(8, [0x55]);
        }

        _fixture.Open();
        Assert.Contains(_fixture.Logger.Lines, line => line.Contains("snapshot", StringComparison.Ordinal));
        Assert.True(_fixture.AppendAs(1, sequence: 29).Duplicate);
    }

    [Fact]
    public void Idle_producers_are_forgotten()
    {
        _fixture.AppendAs(1, sequence: 0);
        _fixture.Log.ApplyRetention(LogFixture.NowMs + 86_400_000 - 1);
        Assert.Single(_fixture.Log.ActiveProducers());
        _fixture.Log.ApplyRetention(LogFixture.NowMs + 86_400_000);
        Assert.Empty(_fixture.Log.ActiveProducers());
    }

    [Fact]
    public void A_snapshot_has_Kafkas_bytes()
    {
        var producer = new ProducerState(0x0102030405060708);
        producer.Add(9, new ProducerBatch(10, 12, 100, 102, 0x0A0B));
        var bytes = ProducerSnapshotFile.Format([producer]);
        Assert.Equal(
            "00000001" + "0102030405060708" + "0009" + "0000000C" + "0000000000000066" + "00000002" + "0000000000000A0B" + "FFFFFFFF" + "FFFFFFFFFFFFFFFF",
            Convert.ToHexString(bytes.AsSpan(6)));
        var parsed = new List<ProducerState>();
        Assert.True(ProducerSnapshotFile.TryParse(bytes, parsed));
        Assert.Equal(producer.LastBatch, parsed.Single().LastBatch);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.False(ProducerSnapshotFile.TryParse(bytes.AsSpan(0, length), []));
        }
    }

    [Fact]
    public void A_snapshot_has_the_earlier_batches_behind_what_Kafka_reads()
    {
        var one = new ProducerState(1);
        var two = new ProducerState(2);
        var three = new ProducerState(3);
        for (var i = 0; i < 7; i++)
        {
            one.Add(0, new ProducerBatch(i * 2, (i * 2) + 1, i * 10, (i * 10) + 1, i));
        }

        two.Add(4, new ProducerBatch(0, 0, 50, 50, 7));
        three.Add(1, new ProducerBatch(int.MaxValue, int.MaxValue, 70, 70, 7));
        three.Add(1, new ProducerBatch(0, 2, 71, 73, 8));
        var bytes = ProducerSnapshotFile.Format([one, two, three]);
        Assert.Equal(10 + (3 * 46) + 4 + (5 * 32), bytes.Length);
        Assert.Equal(
            "00000005" + "0000000000000001" + "00000005" + "0000000000000015" + "00000001" + "0000000000000002",
            Convert.ToHexString(bytes.AsSpan(10 + (3 * 46), 4 + 32)));

        var parsed = new List<ProducerState>();
        Assert.True(ProducerSnapshotFile.TryParse(bytes, parsed));
        Assert.Equal([(1L, 0, 5), (2L, 4, 1), (3L, 1, 2)], parsed.Select(state => (state.ProducerId, (int)state.Epoch, state.BatchCount)));
        Assert.Equal(Batches([one, two, three]), Batches(parsed));
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.False(ProducerSnapshotFile.TryParse(bytes.AsSpan(0, length), []));
        }

        static IEnumerable<ProducerBatch> Batches(List<ProducerState> states) =>
            states.SelectMany(state => Enumerable.Range(0, state.BatchCount).Select(state.Batch));
    }

    private void Restart(string kind)
    {
        switch (kind)
        {
            case "clean":
                _fixture.RestartCleanly();
                break;
            case "kill":
                _fixture.RestartAfterKill();
                break;
            default:
                _fixture.RestartAfterPowerLoss();
                break;
        }
    }

    [Fact]
    public void A_producer_whose_last_batch_was_deleted_after_the_snapshot_goes_on_after_a_kill()
    {
        _fixture.AppendAs(5, sequence: 0);
        _fixture.Log.RollIfDue(LogFixture.NowMs + (long)TimeSpan.FromDays(30).TotalMilliseconds);
        _fixture.AppendAs(5, sequence: 1);
        _fixture.Append();
        _fixture.Append();
        Assert.Equal(ErrorCode.None, _fixture.Log.DeleteRecordsBefore(3));
        _fixture.RestartAfterKill();

        Assert.Equal(ErrorCode.None, _fixture.AppendAs(5, sequence: 2).Error);
    }
}
