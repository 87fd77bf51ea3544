using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Grains.Tests.Processes;
using StackExchange.Redis;

namespace OrleansBroker.Grains.Tests.Stores;

/// <summary>What a silo says of its Redis when it starts.</summary>
public sealed class RedisDurabilityTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [StoreFact(Store.Redis)]
    public async Task A_Redis_that_may_forget_is_warned_about_with_a_line_for_each_reason()
    {
        await using var server = new RedisServer(_directory.Below("redis"));
        await server.StartAsync();
        Assert.Empty(await WarningsAsync(server));

        await using (var redis = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{server.Port},allowAdmin=true"))
        {
            var settings = redis.GetServers().Single();
            await settings.ConfigSetAsync("appendfsync", "everysec");
            await settings.ConfigSetAsync("appendonly", "no");
            await settings.ConfigSetAsync("maxmemory-policy", "allkeys-lru");
        }

        Assert.Collection(
            await WarningsAsync(server),
            line => Assert.Contains("appendonly is no and not yes", line, StringComparison.Ordinal),
            line => Assert.Contains("appendfsync is everysec and not always", line, StringComparison.Ordinal),
            line => Assert.Contains("maxmemory-policy is allkeys-lru and not noeviction", line, StringComparison.Ordinal));
    }

    public void Dispose() => _directory.Dispose();

    private async Task<IEnumerable<string>> WarningsAsync(RedisServer server)
    {
        await using var silo = await SiloProcess.StartAsync("--clustering", "localhost", "--storage", "redis", "--redis", $"127.0.0.1:{server.Port}", "--listen", "127.0.0.1:0", "--data", _directory.Below("data"));
        await silo.StopAsync();
        return silo.Output.Split('\n').Where(line => line.Contains("[6901]", StringComparison.Ordinal));
    }
}
