using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OrleansBroker.Embedded.Tests;

public sealed class EmbeddedBrokerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("orleansbroker-embedded-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_broker_on_port_0_tells_the_port_that_clients_connect_to()
    {
        await using var broker = await EmbeddedBroker.StartAsync(EmbeddedBrokerOptions.OnFreePort(_directory));

        var endpoint = IPEndPoint.Parse(broker.Endpoint);
        Assert.NotEqual(0, endpoint.Port);
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint);
        Assert.True(client.Connected);
    }

    [Fact]
    public async Task A_broker_that_starts_again_is_of_the_same_cluster()
    {
        var clusters = new HashSet<string>();
        for (var start = 0; start < 3; start++)
        {
            var broker = await EmbeddedBroker.StartAsync(EmbeddedBrokerOptions.OnFreePort(_directory));
            clusters.Add(broker.ClusterId);
            await broker.DisposeAsync();
            await broker.DisposeAsync();
        }

        Assert.NotEmpty(Assert.Single(clusters));
    }

    [Fact]
    public async Task A_second_broker_on_a_directory_is_refused_and_the_first_goes_on()
    {
        await using var broker = await EmbeddedBroker.StartAsync(EmbeddedBrokerOptions.OnFreePort(_directory));

        var message = await RefusalAsync(EmbeddedBrokerOptions.OnFreePort(_directory));

        Assert.Contains(_directory, message, StringComparison.Ordinal);
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(broker.Endpoint));
    }

    [Fact]
    public async Task A_directory_of_another_broker_is_refused()
    {
        await using (await EmbeddedBroker.StartAsync(EmbeddedBrokerOptions.OnFreePort(_directory)))
        {
        }

        Assert.Contains("broker 0", await RefusalAsync(EmbeddedBrokerOptions.OnFreePort(_directory, ("node.id", "1"))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_told_and_the_directory_is_free_again()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}");

        var message = await RefusalAsync(EmbeddedBrokerOptions.OnFreePort(_directory, ("listeners", $"PLAINTEXT://{address}")));

        Assert.StartsWith("listeners: ", message, StringComparison.Ordinal);
        Assert.Contains(address, message, StringComparison.Ordinal);
        await using var broker = await EmbeddedBroker.StartAsync(EmbeddedBrokerOptions.OnFreePort(_directory));
    }

    [Theory]
    [InlineData("listeners", "PLAINTEXT://127.0.0.1")]
    [InlineData("listeners", "PLAINTEXT://127.0.0.1:65536")]
    [InlineData("listeners", "SSL://127.0.0.1:0")]
    [InlineData("advertised.listeners", "127.0.0.1:9092")]
    [InlineData("advertised.listeners", "SASL_PLAINTEXT://127.0.0.1:9092")]
    public async Task An_address_that_cannot_be_used_is_told_by_its_key_before_the_directory_is_touched(string name, string value)
    {
        var message = await RefusalAsync(EmbeddedBrokerOptions.OnFreePort(_directory, (name, value)));

        Assert.StartsWith($"{name}: ", message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public void A_setting_that_cannot_be_used_is_told_by_its_key()
    {
        var refused = Assert.Throws<BrokerStartException>(() => EmbeddedBrokerOptions.OnFreePort(_directory, ("num.partitions", "many")));

        Assert.StartsWith("num.partitions: ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public async Task A_data_directory_that_cannot_be_made_is_told_in_one_line()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "file"), "not a directory");

        Assert.Contains("file", await RefusalAsync(EmbeddedBrokerOptions.OnFreePort(Path.Combine(_directory, "file"))), StringComparison.Ordinal);
    }

    private static async Task<string> RefusalAsync(EmbeddedBrokerOptions options)
    {
        var refused = await Assert.ThrowsAsync<BrokerStartException>(() => EmbeddedBroker.StartAsync(options));
        Assert.DoesNotContain('\n', refused.Message);
        return refused.Message;
    }
}
