using OrleansBroker.Simulation;

namespace OrleansBroker.Storage.Tests.Recovery;

/// <summary>
/// Runs an operation again and again on copies of one disk, and lets the process or the machine die at its first, second, …
/// last mutating operation. After each the log is opened, dies in its recovery, is opened again, and checked.
/// </summary>
internal static class Crashes
{
    private const int StepsMax = 5_000;

    public static void AtEveryStep(SimulatedDisk prepared, LogConfig config, long nowMs, Func<LogHarness, Ledger> operation, Action<LogHarness, Ledger, Crash> check)
    {
        foreach (var crash in Enum.GetValues<Crash>())
        {
            var step = 0;
            while (Die(prepared, config, nowMs, crash, ++step, operation, check))
            {
                Assert.True(step < StepsMax, "the operation does not end");
            }

            Assert.True(step > 1, "the operation did not touch the disk");
        }
    }

    /// <summary>False where the operation ended before its <paramref name="step"/>-th mutation.</summary>
    private static bool Die(
        SimulatedDisk prepared, LogConfig config, long nowMs, Crash crash, int step, Func<LogHarness, Ledger> operation, Action<LogHarness, Ledger, Crash> check)
    {
        var disk = prepared.Fork(seed: step);
        disk.Faults = new DiskFaults { TearBytes = step % 2 == 0 ? 1 : 512 };
        var ledger = new Ledger();
        var crashed = false;
        try
        {
            var log = LogHarness.Open(disk, config, nowMs);
            log.Ledger = ledger;
            disk.CrashAfter(step, tornBytes: crash == Crash.KillInTheMiddleOfAWrite ? 37 : 0);
            operation(log);
        }
        catch (SimulatedCrashException)
        {
            crashed = true;
        }

        var story = $"{crash} at step {step}: {disk.CrashedAt}";
        try
        {
            End(disk, crash);
            DieInRecovery(disk, config, nowMs, crash, step);
            check(LogHarness.Open(disk, config, nowMs, bootId: BootId(crash)), ledger, crash);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{story}\n{e.Message}\n{disk.Dump()}", e);
        }

        return crashed;
    }

    private static void DieInRecovery(SimulatedDisk disk, LogConfig config, long nowMs, Crash crash, int step)
    {
        disk.CrashAfter(1 + (step % 11));
        try
        {
            LogHarness.Open(disk, config, nowMs, bootId: BootId(crash));
        }
        catch (SimulatedCrashException)
        {
            // As wanted; a recovery with fewer steps is a process that is killed after it.
        }

        End(disk, crash);
    }

    private static void End(SimulatedDisk disk, Crash crash)
    {
        if (crash == Crash.PowerLoss)
        {
            disk.PowerLoss();
        }
        else
        {
            disk.ProcessKill();
        }
    }

    private static string BootId(Crash crash) => crash == Crash.PowerLoss ? "boot-2" : "boot-1";
}
