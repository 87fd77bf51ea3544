using OrleansBroker.Chaos;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Chaos;
using OrleansBroker.Compatibility.Tests.Drivers;
using Xunit.Abstractions;

namespace OrleansBroker.Grains.Tests.Processes;

/// <summary>
/// Goal: nothing that a client was told is taken back, whatever happens to processes, to Redis and to the network.
/// Method: idempotent producers, a group and an assigned consumer work while one fault comes after the other; what they were told is
/// compared with every broker's log. <c>tests/chaos</c> does the same for as long as one likes.
/// </summary>
public sealed class LoadTests(ITestOutputHelper output)
{
    [RedisFact]
    public Task What_was_acknowledged_outlives_deaths_pauses_and_the_loss_of_Redis() => SufferAsync(
        null, ("kill", 1), ("pause-past-death", 4), ("kill-two", 1), ("redis", 1), ("move", 0), ("rolling-restart", 0));

    [NetworkFact]
    public async Task What_was_acknowledged_outlives_every_way_of_being_cut_off()
    {
        using var network = new Network(ChaosCluster.Brokers);
        await SufferAsync(network, ("cut-from-brokers", 4), ("cut-one-way", 3), ("cut-from-redis", 3), ("cut-from-clients", 2), ("cut-off", 3));
    }

    private async Task SufferAsync(Network? network, params (string Fault, double Seconds)[] faults)
    {
        using var directory = new TemporaryDirectory();
        await using var cluster = await ChaosCluster.StartAsync(directory.Path, network, ChaosRun.Settings);
        await using var run = new ChaosRun(cluster, ClientCatalog.Get(ClientCatalog.ConfluentPython).Missing is null, output.WriteLine);
        await run.StartAsync();
        foreach (var (index, (name, seconds)) in faults.Index())
        {
            var fault = Fault.All.Single(fault => fault.Name == name);
            await run.SufferAsync(fault, await LeaderAsync(cluster, index), TimeSpan.FromSeconds(seconds));
        }

        Verdict verdict = await run.JudgeAsync();

        Assert.True(verdict.IsClean, $"{verdict.Offences}\n{string.Join('\n', run.Episodes)}");

        // While brokers are stopped one after the other, every partition goes on.
        Assert.All(run.Episodes.Where(episode => episode.Fault == "rolling-restart"), episode => Assert.True(episode.Stall < episode.Lasted, episode.ToString()));
    }

    /// <summary>Of a partition, so that the fault is noticed.</summary>
    private static async Task<int> LeaderAsync(ChaosCluster cluster, int partition) =>
        (await cluster.Client.TryMetadataAsync(ChaosRun.Topic))!.Topics[0].Partitions[partition % ChaosRun.Partitions].LeaderId;
}
