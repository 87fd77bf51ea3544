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
    [InlineData("--clustering", "--redis", "127.0.0.1:1")]
    [InlineData("--clustering", "--cluster", "orders")]
    [InlineData("--redis", "--clustering", "redis", "--broker-id", "0")]
    [InlineData("--brokers", "--brokers", "3", "--clustering", "localhost")]
    [InlineData("--brokers", "--brokers", "3", "--runtime", "silo")]
    [InlineData("--runtime", "--runtime", "embedded", "--clustering", "localhost")]
    [InlineData("--runtime native", "--runtime", "native")]
    [InlineData("--storage memory", "--clustering", "localhost", "--storage", "memory")]
    [InlineData("--redis", "--clustering", "redis", "--storage", "adonet", "--adonet", "Host=127.0.0.1")]
    [InlineData("--adonet", "--clustering", "redis", "--storage", "adonet", "--redis", "127.0.0.1:1")]
    [InlineData("--adonet", "--clustering", "adonet", "--broker-id", "0", "--adonet", "Database=brokers")]
    [InlineData("--azure-storage", "--clustering", "azure", "--storage", "redis", "--redis", "127.0.0.1:1")]
    [InlineData("--azure-storage", "--clustering", "localhost", "--storage", "azure")]
    [InlineData("--azure-storage", "--clustering", "localhost", "--storage", "azure", "--azure-storage", "nonsense")]
    [InlineData("--clustering", "--adonet", "Host=127.0.0.1")]
    [InlineData("--storage files", "--clustering", "redis", "--redis", "127.0.0.1:1", "--storage", "files")]
    public async Task What_cannot_be_used_is_refused_in_one_line_that_names_it(string named, params string[] arguments)
    {
        var (exitCode, output) = await SiloProcess.RunToEndAsync([.. arguments, "--data", _directory.Path]);

        Assert.Equal(1, exitCode);
        Assert.DoesNotContain('\n', output);
        Assert.Contains(named, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_is_not_in_what_is_said_of_a_connection()
    {
        var (exitCode, output) = await SiloProcess.RunToEndAsync(
            "--clustering", "redis", "--broker-id", "0", "--redis", "127.0.0.1:1,password=first,second=half", "--silo-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--data", _directory.Path);

        Assert.Equal(1, exitCode);
        Assert.Contains("--redis: not a configuration of StackExchange.Redis", output, StringComparison.Ordinal);
        Assert.DoesNotContain("second", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ORLEANSBROKER_CLUSTERING postgres", "ORLEANSBROKER_CLUSTERING=postgres", "")]
    [InlineData("ORLEANSBROKER_ADVERTISE nowhere", "ORLEANSBROKER_ADVERTISE=nowhere", "")]
    [InlineData("server.properties: orleansbroker.clustering postgres", "", "orleansbroker.clustering=postgres")]
    [InlineData("server.properties: orleansbroker.gateway.port many", "", "orleansbroker.gateway.port = many")]
    [InlineData("server.properties: orleansbroker.clusterin: no such option", "", "orleansbroker.clusterin=redis")]
    [InlineData("server.properties: orleansbroker.listen: is said by listeners", "", "orleansbroker.listen=127.0.0.1:0")]
    [InlineData("server.properties: num.partitions:", "", "num.partitions=many")]
    [InlineData("--redis", "", "orleansbroker.clustering=redis")]
    public async Task What_cannot_be_used_is_named_where_it_stands(string named, string variable, string line)
    {
        var file = _directory.Below("server.properties");
        await File.WriteAllTextAsync(file, line);

        var (exitCode, output) = await RunToEndAsync(variable, "--config", file, "--listen", "127.0.0.1:0", "--data", _directory.Path);

        Assert.Equal(1, exitCode);
        Assert.DoesNotContain('\n', output);
        Assert.Contains(named, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--listen", "0.0.0.0:0")]
    [InlineData("--clustering", "localhost")]
    [InlineData("--runtime", "silo")]
    public async Task Silos_that_are_alone_take_no_port_from_each_other(string option, string value)
    {
        await using var silo = await SiloProcess.StartAsync("--listen", "127.0.0.1:0", option, value, "--data", _directory.Below("one"));
        await using var other = await SiloProcess.StartAsync("--listen", "127.0.0.1:0", option, value, "--data", _directory.Below("other"));

        Assert.Equal(0, await silo.StopAsync());
        Assert.Equal(0, await other.StopAsync());
    }

    /// <summary>Of three places each says the rack, or leaves it to the one before: the command line, the environment, the file.</summary>
    [Theory]
    [InlineData("c", "a", "b", "c")]
    [InlineData("b", "a", "b", "")]
    [InlineData("a", "a", "", "")]
    public async Task The_command_line_wins_over_the_environment_and_that_over_the_file(string wins, string inFile, string inEnvironment, string onCommandLine)
    {
        var file = _directory.Below("server.properties");
        await File.WriteAllTextAsync(file, $"orleansbroker.clustering=localhost\nlisteners=PLAINTEXT://127.0.0.1:0\nlog.dirs={_directory.Below("data")}\nbroker.rack={inFile}\n");

        // What Kubernetes writes is no option.
        string[] environment = [$"ORLEANSBROKER_RACK={inEnvironment}", "ORLEANSBROKER_GATEWAY_PORT=tcp://10.0.0.1:30000"];
        string[] options = onCommandLine.Length > 0 ? ["--config", file, "--rack", onCommandLine] : ["--config", file];
        await using var silo = await SiloProcess.StartAsync("env", [.. environment, "dotnet", "exec", Repository.SiloPath, .. options]);
        var client = new ClusterClient(() => [new(silo.Address, BrokerState.Running, [])]);

        Assert.Equal(wins, (await client.MetadataAsync(0)).Brokers[0].Rack);
        Assert.Equal(_directory.Below("data"), silo.DataDirectory);
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

    private static async Task<(int ExitCode, string Output)> RunToEndAsync(string variable, params string[] arguments)
    {
        await using var silo = SiloProcess.Launch("env", [.. variable.Length > 0 ? new[] { variable } : [], "dotnet", "exec", Repository.SiloPath, .. arguments]);
        return (await silo.WaitForExitAsync(), silo.Output);
    }
}
