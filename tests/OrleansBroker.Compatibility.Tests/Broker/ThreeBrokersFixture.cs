using System.Globalization;
using OrleansBroker.Grains.Tests.Processes;

namespace OrleansBroker.Compatibility.Tests.Broker;

/// <summary>
/// Three silos on a Redis of their own, a process each; where there is no Redis or no Orleans, three brokers in one process. Topics get
/// three replicas of which two have to be in sync.
/// </summary>
public sealed class ThreeBrokersFixture : BrokerFixture
{
    /// <summary>The rack of each broker.</summary>
    internal static readonly string[] Racks = ["rack-0", "rack-1", "rack-2"];

    private RedisServer? _redis;

    internal static bool IsOfSilos => Repository.HasOrleans && RedisServer.Program is not null;

    protected override async Task StartAsync()
    {
        if (!IsOfSilos)
        {
            await StartAsync("data", ["--brokers", "3", .. Racks.SelectMany(rack => new[] { "--rack", rack })]);
            return;
        }

        _redis = new RedisServer(Below("redis"));
        await _redis.StartAsync();
        foreach ((int id, string rack) in Racks.Index())
        {
            await StartAsync(
                $"data{id}", "--clustering", "redis", "--redis", $"127.0.0.1:{_redis.Port}", "--broker-id", id.ToString(CultureInfo.InvariantCulture),
                "--silo-listen", $"127.0.0.1:{RedisServer.FreePort()}", "--rack", rack);
        }

        foreach (string address in Addresses)
        {
            await Until.TrueAsync(async () => await KnownBrokers.CountAsync(address) == Racks.Length, $"{address} knows the others");
        }
    }

    protected override async Task EndAsync()
    {
        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }
}
