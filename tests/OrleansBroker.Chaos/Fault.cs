namespace OrleansBroker.Chaos;

/// <summary>A kind of harm that can be done to a cluster, and how it is undone.</summary>
/// <param name="Name">As <c>--fault</c> names it.</param>
/// <param name="LongestS">How long it may last, in seconds, where it has a duration.</param>
/// <param name="HarmAsync">Done to a broker.</param>
/// <param name="CureAsync">Undoes it; the broker may have ended meanwhile.</param>
internal sealed record Fault(string Name, double LongestS, Func<ChaosCluster, int, Task> HarmAsync, Func<ChaosCluster, int, Task> CureAsync)
{
    /// <summary>Whether the broker still serves clients while it is cut off from the others, and so may tell what it knew.</summary>
    public bool IsCut { get; init; }

    /// <summary>Whether it is the broker that is spared.</summary>
    public bool IsOfOthers { get; init; }

    /// <summary>Whether it takes a network of the run's own.</summary>
    public bool NeedsNetwork { get; init; }

    public static Fault[] All { get; } =
    [
        new("kill", 8, (cluster, broker) => cluster.KillAsync(broker), (cluster, broker) => cluster.StartAsync(broker)),
        new("kill-two", 8, (cluster, broker) => OthersAsync(broker, other => cluster.KillAsync(other)), (cluster, broker) => OthersAsync(broker, other => cluster.StartAsync(other))) { IsOfOthers = true },
        new("stop", 5, (cluster, broker) => cluster.StopAsync(broker), (cluster, broker) => cluster.StartAsync(broker)),
        new("pause", 1, (cluster, broker) => cluster.PauseAsync(broker), ResumeAsync),
        new("pause-past-death", 10, (cluster, broker) => cluster.PauseAsync(broker), ResumeAsync),
        new("move", 3, (cluster, broker) => cluster.KillAsync(broker), (cluster, broker) => cluster.StartAsync(broker, elsewhere: true)),
        new("redis", 8, (cluster, _) => cluster.Redis.KillAsync(), (cluster, _) => cluster.Redis.StartAsync()),
        new("rolling-restart", 0, RollAsync, (_, _) => Task.CompletedTask),
        new("cut-from-brokers", 10, (cluster, broker) => CutAsync(cluster, broker, to: Others(broker), back: true), HealAsync) { NeedsNetwork = true, IsCut = true },
        new("cut-one-way", 10, (cluster, broker) => CutAsync(cluster, broker, to: Others(broker), back: false), HealAsync) { NeedsNetwork = true, IsCut = true },
        new("cut-from-redis", 10, (cluster, broker) => CutAsync(cluster, broker, [Network.Redis], back: false), HealAsync) { NeedsNetwork = true },
        new("cut-from-clients", 10, (cluster, broker) => CutAsync(cluster, broker, [Network.Clients], back: false), HealAsync) { NeedsNetwork = true },
        new("cut-off", 10, (cluster, broker) => CutAsync(cluster, broker, [.. Others(broker), Network.Redis, Network.Clients], back: true), HealAsync) { NeedsNetwork = true },
    ];

    private static Task RollAsync(ChaosCluster cluster, int first) => EachAsync(
        Enumerable.Range(0, ChaosCluster.Brokers).Select(i => (first + i) % ChaosCluster.Brokers),
        async broker =>
        {
            await cluster.StopAsync(broker);
            await cluster.StartAsync(broker);
            await ChaosRun.WholeAsync(cluster);
        });

    private static Task ResumeAsync(ChaosCluster cluster, int broker)
    {
        cluster.Resume(broker);
        return Task.CompletedTask;
    }

    private static Task CutAsync(ChaosCluster cluster, int broker, string[] to, bool back)
    {
        foreach (var other in to)
        {
            cluster.Network!.Cut(broker, other);
            if (back && int.TryParse(other, out var number))
            {
                cluster.Network.Cut(number, Text(broker));
            }
        }

        return Task.CompletedTask;
    }

    private static Task HealAsync(ChaosCluster cluster, int broker)
    {
        cluster.Network!.Heal();
        return Task.CompletedTask;
    }

    private static string[] Others(int broker) => [.. Enumerable.Range(0, ChaosCluster.Brokers).Where(other => other != broker).Select(Text)];

    private static Task OthersAsync(int broker, Func<int, Task> act) => Task.WhenAll(Enumerable.Range(0, ChaosCluster.Brokers).Where(other => other != broker).Select(act));

    private static async Task EachAsync(IEnumerable<int> brokers, Func<int, Task> act)
    {
        foreach (var broker in brokers)
        {
            await act(broker);
        }
    }

    private static string Text(int broker) => broker.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
