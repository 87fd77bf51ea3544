using System.Globalization;
using OrleansBroker.Compatibility.Tests;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Embedded.Tests.Cluster;

namespace OrleansBroker.Grains.Tests.Processes;

/// <summary>What a silo is told by its command line, its environment and its configuration, and what it refuses.</summary>
public sealed class SiloOptionsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData("--broker-id", "--clustering", "redis", "--redis", "127.0.0.1:1", "--listen", "10.0.0.1:9092")]
    [InlineData("--silo-listen", "--clustering", "redis", "--redis", "127.0.0.1:1", "--broker-id", "0", "--listen", "127.0.0.1:9092")]
    [InlineData("--silo-listen", "--clustering", "redis", "--redis", "127.0.0.1:1", "--set", "node.id=0", "--listen", "127.0.0.1:9092")]
    [InlineData("--clustering postgres", "--clustering", "postgres")]
    [InlineData("--storage files", "--clustering", "redis", "--redis", "127.0.0.1:1", "--storage", "files")]
    public async Task What_cannot_be_used_is_refused_in_one_line_that_names_it(string named, params string[] arguments)
    {
        var (exitCode, output) = await SiloProcess.RunToEndAsync([.. arguments, "--data", _directory.Path]);

        Assert.Equal(1, exitCode);
        Assert.DoesNotContain('\n', output);
        Assert.Contains(named, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--listen", "0.0.0.0:0")]
    [InlineData("--listen", "127.0.0.1:0")]
    public async Task A_silo_that_is_alone_listens_where_it_is_told(string option, string value)
    {
        await using var silo = await SiloProcess.StartAsync("--clustering", "localhost", option, value, "--set", $"node.id={FreeId()}", "--data", _directory.Path);

        Assert.Equal(0, await silo.StopAsync());
    }

    [Fact]
    public async Task The_command_line_wins_over_the_environment_and_what_kubernetes_writes_there_is_no_option()
    {
        string[] environment = ["ORLEANSBROKER_RACK=a", "ORLEANSBROKER_GATEWAY_PORT=tcp://10.0.0.1:30000", "ORLEANSBROKER_CLUSTERING=localhost"];
        await using var silo = await SiloProcess.StartAsync(
            "env", [.. environment, "dotnet", "exec", Repository.SiloPath, "--rack", "b", "--listen", "127.0.0.1:0", "--set", $"node.id={FreeId()}", "--data", _directory.Path]);
        var client = new ClusterClient(() => [new(silo.Address, BrokerState.Running, [])]);

        Assert.Equal("b", (await client.MetadataAsync(0)).Brokers[0].Rack);
    }

    [RedisFact]
    public async Task A_signal_ends_a_silo_that_waits_for_Redis()
    {
        await using var silo = SiloProcess.Launch(
            "dotnet", ["exec", Repository.SiloPath, "--clustering", "redis", "--redis", "127.0.0.1:1", "--broker-id", "0", "--silo-listen", $"127.0.0.1:{RedisServer.FreePort()}", "--listen", "127.0.0.1:0", "--data", _directory.Path, "--log", "information"]);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (silo.Output.Length == 0)
        {
            await timer.WaitForNextTickAsync();
        }

        Assert.Equal(0, await silo.StopAsync());
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>A broker's number whose silo port, which follows from it, is free.</summary>
    private static string FreeId() => (RedisServer.FreePort() - 11111).ToString(CultureInfo.InvariantCulture);
}
