using Xunit.Abstractions;

namespace OrleansBroker.Simulator.Tests;

/// <summary>The brokers, as they are, in simulations.</summary>
[Collection(nameof(OneAtATime))]
public class SeedTests(ITestOutputHelper output)
{
    /// <summary>As many as a quiet machine with two cores takes a minute for; a busy one ends earlier, and says how many it was.</summary>
    private const string FreshSeeds = "--seeds 200 --seconds 150";

    public static TheoryData<string> Kept =>
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "kept-seeds.txt")).Where(line => line.StartsWith("--", StringComparison.Ordinal)).Select(line => line[..line.IndexOf("  ", StringComparison.Ordinal)]),
    ];

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    public void The_same_seed_is_the_same_run_in_another_process(long seed)
    {
        var first = SimulatorProcess.Simulate($"--seed {seed}");
        var second = SimulatorProcess.Simulate($"--seed {seed}");

        Assert.Equal(first, second);
        Assert.Contains("events", first.Output, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Kept))]
    public void A_seed_that_found_something_stays_clean(string arguments)
    {
        var (exitCode, report) = SimulatorProcess.Simulate(arguments);

        Assert.True(exitCode == 0, report);
    }

    /// <summary>Other seeds each time: they find what those before did not. The report names the first of them, and how to repeat one that failed.</summary>
    [Fact]
    public void Fresh_seeds_are_clean()
    {
        var (exitCode, report) = SimulatorProcess.Simulate(FreshSeeds);

        output.WriteLine(report);
        Console.WriteLine(report.TrimEnd().Split('\n')[^1]);
        Assert.True(exitCode == 0, report);
    }
}
