using OrleansBroker.Simulator.Engine;

namespace OrleansBroker.Simulator.Faults;

/// <summary>Draws the faults of a run: none now and then, often one kind alone, otherwise a mix.</summary>
internal static class FaultPlan
{
    private static readonly (string Name, Func<FaultOptions, Chance, FaultOptions> Add)[] Kinds =
    [
        ("kill", (faults, chance) => faults with { KillEvery = Seconds(chance, 6, 30), DownMax = Seconds(chance, 1, 20) }),
        ("power", (faults, chance) => faults with { PowerLossEvery = Seconds(chance, 5, 25), BitFlipChance = chance.Between(1, 3) * 0.3 }),
        ("stop", (faults, chance) => faults with { StopEvery = Seconds(chance, 10, 40) }),
        ("pause", (faults, chance) => faults with { PauseEvery = Seconds(chance, 5, 25), PauseMax = Seconds(chance, 1, 20) }),
        ("cut", (faults, chance) => faults with { CutEvery = Seconds(chance, 5, 25), CutMax = Seconds(chance, 1, 20) }),
        ("split", (faults, chance) => faults with { SplitEvery = Seconds(chance, 5, 25), SplitMax = Seconds(chance, 4, 20) }),
        ("store cut", (faults, chance) => faults with { StoreCutEvery = Seconds(chance, 5, 25) }),
        ("membership", (faults, chance) => faults with { LieEvery = Seconds(chance, 3, 20), LieMax = Seconds(chance, 1, 15), DetectionMax = Seconds(chance, 2, 20) }),
        ("disk", (faults, chance) => faults with { DiskEvery = Seconds(chance, 8, 30) }),
        ("crash", (faults, chance) => faults with { CrashEvery = Seconds(chance, 8, 30) }),
        ("clock", (faults, chance) => faults with { ClockJumpEvery = Seconds(chance, 5, 30) }),
        ("slow network", (faults, chance) => faults with { DelayMean = TimeSpan.FromMilliseconds(chance.Between(1, 60)) }),
        ("breaks", (faults, chance) => faults with { BreakChance = chance.Between(1, 20) * 0.001, SilentBreakChance = chance.Between(0, 3) * 0.1 }),
        ("peer loss", (faults, chance) => faults with { PeerLossChance = chance.Between(1, 15) * 0.02, PeerDuplicateChance = chance.Between(0, 10) * 0.03 }),
        ("store loss", (faults, chance) => faults with { StoreLostAnswerChance = chance.Between(1, 15) * 0.02, StoreFailChance = chance.Between(0, 10) * 0.01 }),
        ("store late", (faults, chance) => faults with { StoreLateChance = chance.Between(1, 10) * 0.02, StoreRolledBackChance = chance.Between(0, 5) * 0.02 }),
        ("store conflicts", (faults, chance) => faults with { StoreFalseConflictChance = chance.Between(1, 10) * 0.02 }),
    ];

    public static (FaultOptions Faults, string Name) Draw(Chance chance)
    {
        var kinds = chance.Random.NextDouble() switch
        {
            < 0.05 => [],
            < 0.3 => [chance.Of(Kinds)],
            _ => Kinds.Where(_ => chance.Happens(0.3)).ToArray(),
        };
        var faults = new FaultOptions();
        foreach (var (_, add) in kinds)
        {
            faults = add(faults, chance);
        }

        return (faults, kinds.Length == 0 ? "none" : string.Join(" + ", kinds.Select(kind => kind.Name)));
    }

    private static TimeSpan Seconds(Chance chance, int least, int most) => TimeSpan.FromSeconds(chance.Between(least, most));
}
