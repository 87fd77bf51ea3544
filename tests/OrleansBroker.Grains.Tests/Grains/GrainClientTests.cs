using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Catalog;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Compatibility.Tests;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Embedded.Tests.Cluster;
using OrleansBroker.Grains.Tests.Processes;

namespace OrleansBroker.Grains.Tests.Grains;

/// <summary>Other applications of Orleans that call the brokers' grains through a gateway, over sockets.</summary>
public sealed class GrainClientTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly int _gateway = RedisServer.FreePort();

    [Fact]
    public async Task A_grain_of_another_application_appends_and_reads_and_goes_on_after_the_broker_was_away()
    {
        // The application starts without the brokers, and connects when they come.
        using var application = ApplicationOfItsOwn.Build(_gateway, connectWithin: TimeSpan.Zero);
        await application.StartAsync();
        var orders = application.Services.GetRequiredService<IGrainFactory>().GetGrain<IOrderGrain>("any");
        var brokers = application.Services.GetRequiredService<IBrokerGrains>();

        await using (var broker = await StartAsync())
        {
            var client = new ClusterClient(() => [new(broker.Address, BrokerState.Running, [])]);
            await client.UntilAsync(async () => await SucceedsAsync(() => brokers.Catalog.CreateTopicAsync("orders")), "the application is connected");
            await client.UntilAsync(async () => await SucceedsAsync(() => brokers.Partition("orders", 0).LatestOffsetAsync()), "the topic is led");

            Assert.Equal(0, await orders.PlaceAsync("tea"));
            Assert.Equal(ErrorCode.None, await client.ProduceAsync(0, "orders", "milk"));
            Assert.Equal(["tea", "milk"], await orders.ReadAsync(0));
            Assert.Equal(["tea", "milk"], await client.ReadFromAsync(0, "orders", "milk"));
            Assert.Equal(0, await broker.StopAsync());
        }

        await using var again = await StartAsync();
        var later = new ClusterClient(() => [new(again.Address, BrokerState.Running, [])]);
        await later.UntilAsync(async () => await SucceedsAsync(() => brokers.Partition("orders", 0).LatestOffsetAsync()), "the application is connected again");
        Assert.Equal(2, await orders.PlaceAsync("sugar"));
        Assert.Equal(["tea", "milk", "sugar"], await later.ReadFromAsync(0, "orders", "sugar"));
        await application.StopAsync();
    }

    [Fact]
    public async Task A_start_that_is_given_up_before_there_are_brokers_leaves_nothing_behind()
    {
        using var application = ApplicationOfItsOwn.Build(_gateway, connectWithin: TimeSpan.Zero);
        await application.StartAsync();

        await application.StopAsync();
    }

    [Theory]
    [InlineData("Cluster: not given", "Cluster", " ")]
    [InlineData("'nowhere' is not HOST:PORT", "Gateways:0", "nowhere")]
    [InlineData("'::1' is not HOST:PORT", "Gateways:0", "::1")]
    [InlineData("'a host:1' is not HOST:PORT", "Gateways:0", "a host:1")]
    [InlineData("ConnectAgainAfter", "ConnectAgainAfter", "00:00:00")]
    public async Task What_cannot_be_used_stops_the_start_and_is_named(string named, string key, string value)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Brokers:Cluster"] = "orders", ["Brokers:Gateways:0"] = "broker-0.brokers:30000", [$"Brokers:{key}"] = value });
        builder.Services.AddOrleansBrokerGrainClient(builder.Configuration.GetSection("Brokers"));
        using var host = builder.Build();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_clients_in_one_application_are_refused()
    {
        var services = new ServiceCollection().AddOrleansBrokerGrainClient(options => options.Cluster = "orders");

        Assert.Throws<InvalidOperationException>(() => services.AddOrleansBrokerGrainClient(options => options.Cluster = "others"));
    }

    [Fact]
    public void The_documentation_shows_what_is_tested()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations", "silos.md"));
        var source = File.ReadAllText(Path.Combine(Repository.Root, "tests", "OrleansBroker.Grains.Tests", "Grains", "ApplicationOfItsOwn.cs"));
        var begin = source.IndexOf("public interface IOrderGrain", StringComparison.Ordinal);

        Assert.Contains(source[begin..source.IndexOf("/// <summary>", StringComparison.Ordinal)].Trim(), page, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private Task<SiloProcess> StartAsync() => SiloProcess.StartAsync(
        "--listen", "127.0.0.1:0", "--data", _directory.Path, "--gateway-port", _gateway.ToString(CultureInfo.InvariantCulture));

    private static async Task<bool> SucceedsAsync<T>(Func<Task<T>> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (Exception e) when (e is BrokerException { IsRetriable: true } or OrleansException or IOException or TimeoutException)
        {
            return false;
        }
    }
}
