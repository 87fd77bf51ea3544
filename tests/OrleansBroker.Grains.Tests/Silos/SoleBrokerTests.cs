using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Embedded;
using OrleansBroker.Grains.Hosting;
using OrleansBroker.Grains.Tests.Processes;

namespace OrleansBroker.Grains.Tests.Silos;

/// <summary>A broker that is alone, and opened by its host beside its silo.</summary>
public sealed class SoleBrokerTests
{
    [Fact]
    public async Task Grains_bring_it_nothing_any_more_when_it_closes_its_logs_though_its_silo_still_runs()
    {
        using var directory = new TemporaryDirectory();
        var options = EmbeddedBrokerOptions.OnFreePort(directory.Path);
        var opening = EmbeddedBroker.StartAsync(options);
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(silo => silo.UseLocalhostClustering(RedisServer.FreePort(), RedisServer.FreePort()).AddOrleansBroker(options, null, new OpeningBroker(opening)));
        using var host = builder.Build();
        await using var broker = await opening;
        await host.StartAsync();
        var local = host.Services.GetRequiredService<LocalBroker>();
        var door = local.Door!;
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, await FindAsync());

        await broker.DisposeAsync();

        Assert.Null(local.Door);
        Assert.Equal(ErrorCode.NotLeaderOrFollower, await FindAsync());
        await host.StopAsync();

        async Task<ErrorCode> FindAsync() => ((FindOffsetResponse)(await door.HandleAsync(PartitionKey.Of("nobody", 0), new FindOffsetRequest()))!).Error;
    }
}
