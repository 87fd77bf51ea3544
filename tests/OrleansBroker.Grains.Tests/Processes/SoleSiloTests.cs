using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Embedded.Tests.Cluster;

namespace OrleansBroker.Grains.Tests.Processes;

/// <summary>What silo/run starts where nothing else is said: a silo that is alone.</summary>
public sealed class SoleSiloTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    /// <summary>One takes up what the other left, stopped or killed, back and forth.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_data_directory_is_the_silos_and_the_embedded_brokers_alike(bool isKilled)
    {
        var sent = new List<string>();
        foreach (var runtime in new[] { "embedded", "silo", "embedded", "silo" })
        {
            await using var broker = await SiloProcess.StartAsync("--runtime", runtime, "--listen", "127.0.0.1:0", "--data", _directory.Path);
            var client = new ClusterClient(() => [new(broker.Address, BrokerState.Running, [])]);
            if (sent.Count == 0)
            {
                Assert.Equal(ErrorCode.None, await client.CreateAsync(0, "orders"));
            }

            sent.Add($"by {runtime} after {sent.Count} others");
            await client.UntilAsync(async () => await client.ProduceAsync(0, "orders", sent[^1]) == ErrorCode.None, "the topic is led");
            Assert.Equal(sent, await client.ReadFromAsync(0, "orders", sent[^1]));
            Assert.Equal(isKilled ? 137 : 0, await EndAsync(broker, isKilled));
        }
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<int> EndAsync(SiloProcess broker, bool isKilled)
    {
        if (!isKilled)
        {
            return await broker.StopAsync();
        }

        await broker.KillAsync();
        return await broker.WaitForExitAsync();
    }
}
