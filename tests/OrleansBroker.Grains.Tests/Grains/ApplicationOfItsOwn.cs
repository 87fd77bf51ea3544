using System.Net;
using System.Text;
using Microsoft.Extensions.Hosting;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Grains.Tests.Processes;

namespace OrleansBroker.Grains.Tests.Grains;

// What docs/operations/silos.md shows stands here.
public interface IOrderGrain : IGrainWithStringKey
{
    Task<long> PlaceAsync(string order);

    Task<string[]> ReadAsync(long from);
}

public sealed class OrderGrain(IBrokerGrains brokers) : Grain, IOrderGrain
{
    public Task<long> PlaceAsync(string order) =>
        brokers.Partition("orders", 0).AppendAsync([new ProducerRecord(Encoding.UTF8.GetBytes(order))]);

    public async Task<string[]> ReadAsync(long from)
    {
        var read = await brokers.Partition("orders", 0).ReadAsync(from, maxWait: TimeSpan.FromSeconds(30));
        return [.. read.Records.Select(record => Encoding.UTF8.GetString(record.Value!.Value.Span))];
    }
}

/// <summary>An application that is a silo of its own cluster, and calls the brokers' grains.</summary>
internal static class ApplicationOfItsOwn
{
    public static IHost Build(int gatewayPort, TimeSpan connectWithin)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(silo => silo.UseLocalhostClustering(RedisServer.FreePort(), RedisServer.FreePort(), serviceId: "shop", clusterId: "shop"));
        builder.Services.AddOrleansBrokerGrainClient(options =>
        {
            options.Cluster = "orleansbroker";
            options.Gateways.Add($"{IPAddress.Loopback}:{gatewayPort}");
            options.ConnectWithin = connectWithin;
        });
        return builder.Build();
    }
}
