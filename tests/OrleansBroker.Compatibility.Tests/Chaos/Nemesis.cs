using System.Diagnostics;

namespace OrleansBroker.Compatibility.Tests.Chaos;

/// <summary>
/// Does harm to brokers, one after the other, and undoes it: what, to which and for how long comes from a seed. Two of three are
/// always at work, but for a short pause of one while another that has just come back is still catching up.
/// </summary>
internal sealed class Nemesis(ClusterProcess cluster, int seed, TimeSpan duration)
{
    private static readonly TimeSpan QuietEnd = TimeSpan.FromSeconds(2);

    // What undoes each, and how long it may last, in seconds: longer than what it takes to be declared dead, or not as long.
    private static readonly (string Harm, string Cure, double LongestS)[] Faults =
    [
        ("kill", "start", 8),
        ("stop", "start", 5),
        ("pause", "resume", 10),
        ("cut", "heal", 12),
    ];

    /// <summary>All that will be done.</summary>
    public IReadOnlyList<NemesisStep> Schedule { get; } = Plan(new Random(seed), duration, cluster.Addresses.Length);

    public Cuts Cuts { get; } = new();

    public async Task RunAsync(CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        foreach (NemesisStep step in Schedule)
        {
            TimeSpan early = step.At - clock.Elapsed;
            if (early > TimeSpan.Zero)
            {
                await Task.Delay(early, cancellation);
            }
            Cuts.Begun += step.Action == "cut" ? 1 : 0;
            await cluster.DoAsync(step.Action, step.Broker);
            Cuts.Healed += step.Action == "heal" ? 1 : 0;
        }
    }

    private static List<NemesisStep> Plan(Random random, TimeSpan duration, int brokers)
    {
        var steps = new List<NemesisStep>();
        TimeSpan at = Seconds(random, 1, 2);
        while (true)
        {
            (string harm, string cure, double longestS) = Faults[random.Next(Faults.Length)];
            int broker = random.Next(brokers);
            TimeSpan end = at + Seconds(random, 0.3, longestS);
            NemesisStep[] pause = cure == "start" && random.Next(3) == 0 ? PauseDuringReturn(random, end, (broker + 1 + random.Next(brokers - 1)) % brokers) : [];
            NemesisStep[] episode = [new(at, harm, broker), new(end, cure, broker), .. pause];
            if (episode[^1].At > duration - QuietEnd)
            {
                return steps;
            }
            steps.AddRange(episode);
            at = episode[^1].At + Seconds(random, 0.2, 4);
        }
    }

    private static NemesisStep[] PauseDuringReturn(Random random, TimeSpan start, int broker)
    {
        TimeSpan at = start + Seconds(random, 0, 0.5);
        return [new(at, "pause", broker), new(at + Seconds(random, 0.3, 4), "resume", broker)];
    }

    private static TimeSpan Seconds(Random random, double least, double most) => TimeSpan.FromSeconds(least + (random.NextDouble() * (most - least)));
}
