namespace OrleansBroker.Simulator.Faults;

/// <summary>Which faults a run has, and how often. "Every" is the mean time between two of a kind; zero is never. Durations are drawn up to the maximum.</summary>
internal sealed record FaultOptions
{
    /// <summary>A broker's process is killed, and started again after a while.</summary>
    public TimeSpan KillEvery { get; init; }

    /// <summary>How long a broker stays down.</summary>
    public TimeSpan DownMax { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>A broker's machine loses its power: writes that were not flushed are lost or torn. Only where every partition has another in-sync replica whose disk is whole.</summary>
    public TimeSpan PowerLossEvery { get; init; }

    /// <summary>Chance that a bit flips in what was not flushed when the power went.</summary>
    public double BitFlipChance { get; init; }

    /// <summary>A broker is stopped cleanly and started again.</summary>
    public TimeSpan StopEvery { get; init; }

    /// <summary>A broker is paused: no timer, no message, no work; then it goes on as if nothing had been.</summary>
    public TimeSpan PauseEvery { get; init; }

    public TimeSpan PauseMax { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Brokers cannot reach others: one alone, two sides, one direction only.</summary>
    public TimeSpan CutEvery { get; init; }

    public TimeSpan CutMax { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The brokers fall into two sides that take each other for dead, of which one has the document store.</summary>
    public TimeSpan SplitEvery { get; init; }

    public TimeSpan SplitMax { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A broker cannot reach the document store, or does not hear its answers.</summary>
    public TimeSpan StoreCutEvery { get; init; }

    /// <summary>A broker takes another that lives for dead.</summary>
    public TimeSpan LieEvery { get; init; }

    public TimeSpan LieMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a death stays unknown at most.</summary>
    public TimeSpan DetectionMax { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A broker's disk fails for a while: flushes, writes, or room.</summary>
    public TimeSpan DiskEvery { get; init; }

    public TimeSpan DiskMax { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>A process crashes in the middle of changing its files, a write half done.</summary>
    public TimeSpan CrashEvery { get; init; }

    /// <summary>A broker's wall clock jumps.</summary>
    public TimeSpan ClockJumpEvery { get; init; }

    public TimeSpan ClockJumpMax { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The mean of what a message takes beyond the least.</summary>
    public TimeSpan DelayMean { get; init; } = TimeSpan.FromMicroseconds(300);

    /// <summary>Chance a frame that its connection breaks.</summary>
    public double BreakChance { get; init; }

    /// <summary>Chance that one end of a broken connection is not told.</summary>
    public double SilentBreakChance { get; init; }

    /// <summary>Chance that a question or an answer between brokers is lost.</summary>
    public double PeerLossChance { get; init; }

    /// <summary>Chance that a question between brokers arrives twice.</summary>
    public double PeerDuplicateChance { get; init; }

    /// <summary>Chance that a write of a document is done and its answer lost.</summary>
    public double StoreLostAnswerChance { get; init; }

    /// <summary>Chance that a write of a document is done only later, after its writer was told that the outcome is unknown.</summary>
    public double StoreLateChance { get; init; }

    /// <summary>Chance that a write of a document of unknown outcome is read by others and then undone.</summary>
    public double StoreRolledBackChance { get; init; }

    /// <summary>Chance that a write of a document is done and answered as a conflict.</summary>
    public double StoreFalseConflictChance { get; init; }

    /// <summary>Chance that a call to the document store fails.</summary>
    public double StoreFailChance { get; init; }
}
