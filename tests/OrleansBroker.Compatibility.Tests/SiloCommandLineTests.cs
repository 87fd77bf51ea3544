using System.Globalization;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Drivers;
using static OrleansBroker.Compatibility.Tests.Drivers.ClientCatalog;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>The silo's options, its one line, and how it ends.</summary>
public sealed class SiloCommandLineTests
{
    [Fact]
    public async Task Help_names_every_option()
    {
        (int exitCode, string output) = await SiloProcess.RunToEndAsync("--help");

        Assert.Equal(0, exitCode);
        Assert.All(["--listen", "--advertise", "--data", "--set", "--config", "--help"], option => Assert.Contains(option, output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_ready_line_is_all_that_is_said()
    {
        using var directory = new TemporaryDirectory();
        await using SiloProcess silo = await SiloProcess.StartAsync("--listen", "127.0.0.1:0", "--data", directory.Path);

        Assert.NotEqual(0, silo.Port);
        Assert.Equal(0, await silo.StopAsync());
        Assert.Equal($"ready: broker 0 on 127.0.0.1:{silo.Port}, data in {directory.Path}", silo.Output);
    }

    [Theory]
    [InlineData(Signals.Terminate)]
    [InlineData(Signals.Interrupt)]
    public async Task A_signal_stops_it_cleanly_even_with_clients_connected(int signal)
    {
        using var directory = new TemporaryDirectory();
        await using SiloProcess silo = await SiloProcess.StartAsync("--listen", "127.0.0.1:0", "--data", directory.Path);
        using var connection = new TcpClient();
        await connection.ConnectAsync("127.0.0.1", silo.Port);

        Assert.Equal(0, await silo.StopAsync(signal));

        Assert.True(File.Exists(directory.Below(".kafka_cleanshutdown")), "no mark of a clean stop");
    }

    [Fact]
    public async Task A_second_process_on_the_same_data_is_refused_in_one_line()
    {
        using var directory = new TemporaryDirectory();
        await using SiloProcess first = await SiloProcess.StartAsync("--listen", "127.0.0.1:0", "--data", directory.Path);

        (int exitCode, string output) = await SiloProcess.RunToEndAsync("--listen", "127.0.0.1:0", "--data", directory.Path);

        AssertRefused(exitCode, output, directory.Path);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_refused_in_one_line()
    {
        using var directory = new TemporaryDirectory();
        await using SiloProcess first = await SiloProcess.StartAsync("--listen", "127.0.0.1:0", "--data", directory.Below("one"));

        (int exitCode, string output) = await SiloProcess.RunToEndAsync("--listen", first.Address, "--data", directory.Below("two"));

        AssertRefused(exitCode, output, first.Port.ToString(CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("log.retention.ms=soon", "log.retention.ms")]
    [InlineData("num.partitions=0", "num.partitions")]
    [InlineData("auto.create.topics.enable=perhaps", "auto.create.topics.enable")]
    public async Task A_bad_setting_is_refused_in_one_line_that_names_it(string setting, string name)
    {
        using var directory = new TemporaryDirectory();

        (int exitCode, string output) = await SiloProcess.RunToEndAsync("--listen", "127.0.0.1:0", "--data", directory.Path, "--set", setting);

        AssertRefused(exitCode, output, name);
    }

    [Theory]
    [InlineData("--listen")]
    [InlineData("--listen", "nowhere")]
    [InlineData("--set", "no-equals-sign")]
    [InlineData("--config", "/no/such/file")]
    [InlineData("--no-such-option")]
    public async Task A_bad_option_is_refused_in_one_line_that_names_it(params string[] arguments)
    {
        (int exitCode, string output) = await SiloProcess.RunToEndAsync(arguments);

        AssertRefused(exitCode, output, arguments[^1]);
    }

    [Fact]
    public async Task A_bad_setting_in_a_file_is_refused_in_one_line_that_names_it()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Below("server.properties");
        await File.WriteAllTextAsync(file, "# Kafka's format\nnum.partitions=many\n");

        (int exitCode, string output) = await SiloProcess.RunToEndAsync("--listen", "127.0.0.1:0", "--data", directory.Below("data"), "--config", file);

        AssertRefused(exitCode, output, "num.partitions");
    }

    [ClientTheory, Clients(KafkaJs)]
    public async Task Settings_come_from_the_file_and_from_the_command_line_which_wins(string client)
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Below("server.properties");
        await File.WriteAllTextAsync(file, "# Kafka's format\n! another comment\nnum.partitions = 3\nlog.retention.ms: 777000\nmessage.max.bytes=\\\n  50000\n");
        await using SiloProcess silo = await SiloProcess.StartAsync(
            "--listen", "127.0.0.1:0", "--data", directory.Below("data"), "--config", file, "--set", "num.partitions=2", "--set", "log.cleanup.policy=compact");
        await using ClientDriver driver = ClientDriver.Start(client, silo.Address);
        string topic = Unique.Name("settings");

        await driver.ProduceAsync(topic, [new OutgoingRecord("first", Key: "key")]);

        Assert.Equal(2, (await driver.CallAsync("describeTopic", new { topic }))!.AsArray().Count);
        var configs = await driver.CallAsync<Dictionary<string, string>>("describeConfigs", new { topic });
        Assert.Equal(("777000", "50000", "compact"), (configs["retention.ms"], configs["max.message.bytes"], configs["cleanup.policy"]));
    }

    [ClientTheory, Clients(Kcat)]
    public async Task Clients_are_sent_to_the_advertised_address(string client)
    {
        using var directory = new TemporaryDirectory();
        await using SiloProcess silo = await SiloProcess.StartAsync(
            "--listen", "127.0.0.1:0", "--advertise", "broker.example.test:19092", "--data", directory.Path, "--set", "auto.create.topics.enable=false");
        await using ClientDriver driver = ClientDriver.Start(client, $"127.0.0.1:{silo.Port}");

        JsonNode cluster = (await driver.CallAsync("describeCluster"))!;

        Assert.Equal("broker.example.test:19092", $"{cluster["brokers"]![0]!["host"]}:{cluster["brokers"]![0]!["port"]}");
    }

    /// <summary>It ended by itself with an error, and said why in one line.</summary>
    private static void AssertRefused(int exitCode, string output, string reason)
    {
        Assert.NotEqual(0, exitCode);
        Assert.DoesNotContain('\n', output);
        Assert.Contains(reason, output, StringComparison.Ordinal);
    }
}
