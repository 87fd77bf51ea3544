using System.Text.RegularExpressions;
using OrleansBroker.Simulator.Defects;
using Xunit.Abstractions;

namespace OrleansBroker.Simulator.Tests;

/// <summary>
/// The simulator finds what it is for: each planted defect is switched on in a copy of the sources and looked for among the first seeds; the
/// seed that finds it is clean where the switch is off.
/// </summary>
[Collection(nameof(OneAtATime))]
public partial class DefectTests(PlantedDefects planted, ITestOutputHelper output) : IClassFixture<PlantedDefects>
{
    /// <summary>Seeds and real seconds that a defect may take to be found.</summary>
    private const string Budget = "--seed 1 --seeds 100 --seconds 600";

    public static TheoryData<string> Names => [.. Defect.ReadAll(SimulatorProcess.Root).Select(defect => defect.Name)];

    [Fact]
    public void There_are_nine_at_least() => Assert.True(Defect.ReadAll(SimulatorProcess.Root).Count >= 9);

    [Theory, MemberData(nameof(Names))]
    public void A_planted_defect_is_found(string name)
    {
        var (exitCode, report) = SimulatorProcess.Simulate($"--defect {name} {Budget}", planted.Program);
        output.WriteLine(report);
        Assert.True(exitCode == 1, $"{name} was not found: {report}");

        var seed = FailedSeed().Match(report).Groups[1].Value;
        var without = SimulatorProcess.Simulate($"--seed {seed}", planted.Program);
        Assert.True(without.ExitCode == 0, without.Output);
    }

    [GeneratedRegex(@"^seed (\d+) FAILED", RegexOptions.Multiline)]
    private static partial Regex FailedSeed();
}
