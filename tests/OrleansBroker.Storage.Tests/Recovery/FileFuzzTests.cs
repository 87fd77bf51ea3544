using System.Diagnostics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Simulation;
using OrleansBroker.Storage.Cleaning;
using Xunit.Abstractions;

namespace OrleansBroker.Storage.Tests.Recovery;

/// <summary>
/// Damages any bytes of any files of a data directory, opens it, reads everything, appends and compacts. Allowed is a clean
/// refusal (<see cref="DataDirectoryException"/>, <see cref="IOException"/>, an error code); never anything else, a batch
/// that is no batch, a read without an end, or memory without a bound.
/// </summary>
public class FileFuzzTests(ITestOutputHelper output)
{
    private const int RoundsByDefault = 400;
    private static readonly TimeSpan _budget = TimeSpan.FromSeconds(20);

    [Fact]
    public void Damaged_files_are_refused_cleanly()
    {
        var first = Setting("ORLEANSBROKER_FUZZ_SEED") ?? Random.Shared.Next(1 << 30);
        var rounds = Setting("ORLEANSBROKER_FUZZ_ROUNDS") ?? RoundsByDefault;
        output.WriteLine($"seeds from {first}; again: ORLEANSBROKER_FUZZ_SEED={first}");
        var disks = new[] { Prepare(clean: true), Prepare(clean: false) };
        var clock = Stopwatch.StartNew();
        for (var seed = first; seed < first + rounds && (clock.Elapsed < _budget || rounds > RoundsByDefault); seed++)
        {
            Fuzz(disks[seed % disks.Length], seed);
        }
    }

    private static int? Setting(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), out var value) ? value : null;

    private static void Fuzz(SimulatedDisk prepared, int seed)
    {
        var disk = prepared.Fork(seed);
        var random = new Random(seed);
        var done = new List<string>();
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            done.Add(FileDamage.Apply(disk, random));
        }

        try
        {
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            Use(disk, seed % 3 == 0 ? "boot-2" : "boot-1");
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Assert.True(allocated < 256L << 20, $"{allocated} bytes were allocated");
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}: {string.Join("; ", done)}: {e.Message}", e);
        }
    }

    private static void Use(SimulatedDisk disk, string bootId)
    {
        try
        {
            var log = LogHarness.Open(disk, LogHarness.Compacted, LogHarness.StartMs + 1_000_000, bootId: bootId);
            ReadAll(log.Log);
            log.Append(("after", "damage"));
            log.Log.FindByTimestamp(LogHarness.StartMs + 50, log.Log.LogEndOffset);
            log.Log.AdvanceHighWatermark(log.Log.LogEndOffset);
            log.Clean(new LogCleanerOptions { DecompressedBatchBytesMax = 1 << 20 });
            log.Log.ApplyRetention(log.NowMs);
            ReadAll(log.Log);
            log.Directory.CloseCleanly(log.NowMs);
        }
        catch (Exception e) when (e is DataDirectoryException or IOException)
        {
            // A clean refusal.
        }
    }

    /// <summary>What is served is always whole batches, and one behind the other.</summary>
    private static void ReadAll(PartitionLog log)
    {
        var offset = log.LogStartOffset;
        var reads = 0;
        while (offset < log.LogEndOffset)
        {
            Assert.True(++reads < 10_000, "reading does not end");
            var read = log.Read(offset, 4096, log.LogEndOffset, atLeastOneBatch: true);
            if (read.Error != ErrorCode.None || read.Records.Length == 0)
            {
                return;
            }

            Assert.InRange(read.Records.Length, 1, 1 << 20);
            var bytes = new byte[read.Records.Length];
            read.Records.CopyTo(bytes);
            var next = NextOffset(bytes);
            Assert.True(next > offset, $"reading at {offset} went on at {next}");
            Assert.True(next <= log.LogEndOffset, $"reading at {offset} went on at {next}, behind the end");
            offset = next;
        }
    }

    private static long NextOffset(ReadOnlySpan<byte> bytes)
    {
        var next = -1L;
        while (!bytes.IsEmpty)
        {
            Assert.Equal(RecordBatchProblem.None, RecordBatchView.TryParse(bytes, out var batch));
            next = batch.NextOffset;
            bytes = bytes[batch.SizeBytes..];
        }

        return next;
    }

    private static SimulatedDisk Prepare(bool clean)
    {
        var log = LogHarness.Open(new SimulatedDisk(1));
        for (var i = 0; i < 80; i++)
        {
            log.AppendAs(4000 + (i % 2), i / 2 * 2, ($"key-{i % 9}", $"value-{i}"), ($"key-{i}", i % 4 == 0 ? null : "x"));
            log.Append((CompressionCodec)(i % 3), ("z", new string('z', i)));
        }

        log.Clean();
        log.Log.BeginLeadership(new LeaderEpoch(5));
        log.Roll();
        log.Directory.WriteCheckpoints();
        log.Append(("unflushed", "1"));
        if (clean)
        {
            log.Directory.CloseCleanly(log.NowMs);
        }

        log.Disk.ProcessKill();
        return log.Disk;
    }
}
