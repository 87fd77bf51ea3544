using OrleansBroker.Simulation;

namespace OrleansBroker.Storage.Tests.Recovery;

public class CrashTests
{
    private static readonly LogConfig _plain = LogHarness.Compacted with { Compact = false, Delete = true, FileDeleteDelayMs = 0 };

    [Fact]
    public void A_compaction_may_die_at_every_step()
    {
        var log = LogHarness.Open(NewDisk());
        for (var i = 0; i < 60; i++)
        {
            log.AppendAs(4000, 2 * i, ($"key-{i % 5}", $"value-{i}"), ($"tombstone-{i % 3}", i > 50 ? null : "x"));
        }

        log.Roll();
        var before = log.Records();
        var latest = log.Latest();
        var end = log.Log.LogEndOffset;
        Prepare(log);

        Crashes.AtEveryStep(log.Disk, LogHarness.Compacted, log.NowMs, Compact, (again, _, _) =>
        {
            Assert.Equal(end, again.Log.LogEndOffset);
            Assert.Equal(latest, again.Latest());
            Assert.Subset(before.ToHashSet(), again.Records().ToHashSet());
            Assert.True(again.AppendAs(4000, 118, ("key-4", "value-59"), ("tombstone-2", null)).Duplicate);

            again.Log.AdvanceHighWatermark(end);
            again.Roll();
            again.Clean();
            Assert.Equal(latest, again.Latest().Where(entry => entry.Key != "filler" || latest.ContainsKey("filler")).ToDictionary());
            AssertNoLeftovers(again);
        });

        static Ledger Compact(LogHarness log)
        {
            Assert.True(log.Clean());
            return log.Ledger;
        }
    }

    [Fact]
    public void Appends_rolls_and_flushes_may_die_at_every_step()
    {
        var log = LogHarness.Open(NewDisk(), _plain);
        log.Append(("first", "1"));
        Prepare(log);

        Crashes.AtEveryStep(log.Disk, _plain, log.NowMs, AppendAndRoll, (again, ledger, crash) =>
        {
            ledger.Check(again.Records().Skip(1), crash);
            Assert.Equal("0:first=1", again.Records()[0]);
            AssertGoesOn(again);
        });

        static Ledger AppendAndRoll(LogHarness log)
        {
            for (var i = 0; i < 25; i++)
            {
                log.Append(($"key-{i}", new string('v', 300)));
                if (i % 5 == 4)
                {
                    log.Ledger.Flush(log);
                }
            }

            return log.Ledger;
        }
    }

    [Fact]
    public void Retention_may_die_at_every_step()
    {
        var log = LogHarness.Open(NewDisk(), _plain);
        for (var i = 0; i < 40; i++)
        {
            log.Append(($"key-{i}", new string('v', 200)));
        }

        var before = log.Records();
        Prepare(log);
        var config = _plain with { RetentionBytes = 4096 };

        Crashes.AtEveryStep(log.Disk, config, log.NowMs, DeleteOld, (again, _, _) =>
        {
            Assert.Equal(before.Count, again.Log.LogEndOffset);
            Assert.Equal(before.Skip((int)again.Log.LogStartOffset), again.Records());
            again.Log.ApplyRetention(again.NowMs);
            again.Directory.DeleteExpired(again.NowMs + 1);
            Assert.InRange(again.Log.SizeBytes, 1, 8192);
            AssertGoesOn(again);
            AssertNoLeftovers(again);
        });

        static Ledger DeleteOld(LogHarness log)
        {
            Assert.True(log.Log.ApplyRetention(log.NowMs) > 0);
            log.Directory.WriteCheckpoints();
            log.Directory.DeleteExpired(log.NowMs + 1);
            return log.Ledger;
        }
    }

    [Fact]
    public void Deletion_of_records_may_die_at_every_step()
    {
        var log = LogHarness.Open(NewDisk(), _plain);
        for (var i = 0; i < 40; i++)
        {
            log.Append(($"key-{i}", new string('v', 200)));
        }

        var before = log.Records();
        Prepare(log);

        Crashes.AtEveryStep(log.Disk, _plain, log.NowMs, DeleteRecords, (again, _, _) =>
        {
            Assert.InRange(again.Log.LogStartOffset, 0, 25);
            Assert.Equal(before.Count, again.Log.LogEndOffset);
            Assert.Equal(before.Skip((int)again.Log.LogStartOffset), again.Records());
            AssertGoesOn(again);
        });

        static Ledger DeleteRecords(LogHarness log)
        {
            log.Log.DeleteRecordsBefore(25);
            log.Log.ApplyRetention(log.NowMs);
            log.Directory.WriteCheckpoints();
            return log.Ledger;
        }
    }

    [Fact]
    public void A_truncation_may_die_at_every_step()
    {
        var log = LogHarness.Open(NewDisk(), _plain);
        for (var i = 0; i < 40; i++)
        {
            log.Append(($"key-{i}", new string('v', 200)));
        }

        var before = log.Records();
        Prepare(log);

        Crashes.AtEveryStep(log.Disk, _plain, log.NowMs, Truncate, (again, _, _) =>
        {
            Assert.InRange(again.Log.LogEndOffset, 15, 40);
            Assert.Equal(before.Take((int)again.Log.LogEndOffset), again.Records());
            AssertGoesOn(again);
        });

        static Ledger Truncate(LogHarness log)
        {
            log.Log.TruncateTo(15);
            log.Log.Flush();
            return log.Ledger;
        }
    }

    [Fact]
    public void Checkpoints_may_die_at_every_step()
    {
        var log = LogHarness.Open(NewDisk(), _plain);
        log.Append(("a", "1"));
        log.Append(("a", "2"));
        Prepare(log);

        Crashes.AtEveryStep(log.Disk, _plain, log.NowMs, WriteCheckpoints, (again, ledger, crash) =>
        {
            Assert.InRange(again.Log.HighWatermark, 2, again.Log.LogEndOffset);
            Assert.InRange(again.Log.RecoveryPoint, 0, again.Log.LogEndOffset);
            ledger.Check(again.Records().Skip(2), crash);
            AssertGoesOn(again);
        });

        static Ledger WriteCheckpoints(LogHarness log)
        {
            log.Append(("a", "3"));
            log.Directory.WriteCheckpoints();
            log.Append(("a", "4"));
            log.Ledger.Flush(log);
            log.Directory.WriteCheckpoints();
            return log.Ledger;
        }
    }

    [Fact]
    public void A_clean_stop_may_die_at_every_step()
    {
        var log = LogHarness.Open(NewDisk(), _plain);
        log.Append(("a", "1"));
        Prepare(log);

        Crashes.AtEveryStep(log.Disk, _plain, log.NowMs, Stop, (again, ledger, crash) =>
        {
            ledger.Check(again.Records().Skip(1), crash);
            var sequence = again.Records().Count - 2;
            Assert.True(sequence < 0 || again.AppendAs(4000, sequence, ($"key-{sequence}", "x")).Duplicate);
            AssertGoesOn(again);
        });

        static Ledger Stop(LogHarness log)
        {
            for (var i = 0; i < 20; i++)
            {
                log.AppendAs(4000, i, ($"key-{i}", "x"));
            }

            log.Directory.CloseCleanly(log.NowMs);
            return log.Ledger;
        }
    }

    [Fact]
    public void Creating_and_deleting_partitions_may_die_at_every_step()
    {
        var log = LogHarness.Open(NewDisk(), _plain);
        log.Append(("a", "1"));
        Prepare(log);

        Crashes.AtEveryStep(log.Disk, _plain, log.NowMs, CreateAndDelete, (again, _, _) =>
        {
            Assert.Equal(["0:a=1"], again.Records());
            Assert.InRange(again.Directory.Logs.Count, 1, 2);
            again.Directory.DeleteExpired(again.NowMs + 100_000);
            AssertGoesOn(again);
        });

        static Ledger CreateAndDelete(LogHarness log)
        {
            var other = new Protocol.TopicPartition("others", 3);
            log.Directory.OpenLog(other, Guid.NewGuid(), _plain);
            log.Directory.WriteCheckpoints();
            log.Directory.DeleteLog(other);
            log.Directory.DeleteExpired(log.NowMs + 100_000);
            log.Directory.OpenLog(other, Guid.NewGuid(), _plain);
            return log.Ledger;
        }
    }

    [Fact]
    public void A_leader_epoch_is_kept_once_its_leadership_began()
    {
        var log = LogHarness.Open(NewDisk(), _plain);
        log.Append(("a", "1"));
        Prepare(log);

        Crashes.AtEveryStep(log.Disk, _plain, log.NowMs, Lead, (again, ledger, _) =>
        {
            var epoch = again.Log.Epochs.Latest.Value;
            Assert.InRange(epoch, ledger.Acknowledged.Contains("leads") ? 7 : 0, 7);
            AssertGoesOn(again);
        });

        static Ledger Lead(LogHarness log)
        {
            log.Log.BeginLeadership(new Protocol.LeaderEpoch(7));
            log.Ledger.Acknowledged.Add("leads");
            return log.Ledger;
        }
    }

    private static SimulatedDisk NewDisk()
    {
        var disk = new SimulatedDisk(1);
        disk.CreateDirectory(LogHarness.DataPath);
        disk.FlushDirectory("/");
        return disk;
    }

    /// <summary>Everything so far is durable, and the process has ended without a clean stop.</summary>
    private static void Prepare(LogHarness log)
    {
        log.Log.Flush();
        log.Directory.WriteCheckpoints();
        log.Disk.ProcessKill();
    }

    private static void AssertGoesOn(LogHarness log)
    {
        var end = log.Log.LogEndOffset;
        log.Append(("probe", "after the crash"));
        Assert.Equal($"{end}:probe=after the crash", log.Records()[^1]);
    }

    private static void AssertNoLeftovers(LogHarness log)
    {
        log.Directory.DeleteExpired(log.NowMs);
        log.Directory.DeleteExpired(log.NowMs + 1_000_000);
        Assert.DoesNotContain(log.Disk.ListFiles(LogHarness.LogPath), name =>
            name.EndsWith(LogFileNames.Cleaned, StringComparison.Ordinal) || name.EndsWith(LogFileNames.Swap, StringComparison.Ordinal)
            || name.EndsWith(LogFileNames.Deleted, StringComparison.Ordinal) || name.EndsWith(LogFileNames.Temporary, StringComparison.Ordinal));
    }
}
