using System.Net;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace OrleansBroker.Silo.Clustered;

/// <summary>Redis. It may come later than the silo, and may go and come back.</summary>
internal sealed class RedisStore : IStore
{
    // What makes it keep what it acknowledged.
    private static readonly (string Name, string Value)[] Durable = [("appendonly", "yes"), ("appendfsync", "always"), ("maxmemory-policy", "noeviction")];

    private readonly ConfigurationOptions _options;

    /// <exception cref="ArgumentException">It is not a configuration of StackExchange.Redis.</exception>
    public RedisStore(string configuration)
    {
        try
        {
            _options = ConfigurationOptions.Parse(configuration);
        }
        catch (ArgumentException)
        {
            // It says which part it does not know: the second half of a password, where there is a comma in it.
            throw new ArgumentException("not a configuration of StackExchange.Redis, HOST:PORT[,option=value ...]");
        }

        _options.AbortOnConnectFail = false;
    }

    public void AddMembership(ISiloBuilder silo) => silo.UseRedisClustering(options => options.ConfigurationOptions = _options);

    public void AddDocuments(ISiloBuilder silo, string storageName) => silo.AddRedisGrainStorage(storageName, options => options.ConfigurationOptions = _options);

    public async Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellation)
    {
        var options = _options.Clone();
        (options.AbortOnConnectFail, options.AllowAdmin, options.ConnectRetry) = (true, true, 1);
        try
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync(options).WaitAsync(cancellation);
            var doubts = new List<string>();
            foreach (var server in redis.GetServers().Where(server => server is { IsConnected: true, IsReplica: false, ServerType: not ServerType.Sentinel }))
            {
                doubts.AddRange((await DoubtsAsync(server)).Select(doubt => $"Redis at {AddressOf(server.EndPoint)}: {doubt}"));
            }

            return doubts;
        }
        catch (RedisConnectionException e) when (e.FailureType == ConnectionFailureType.AuthenticationFailure)
        {
            throw new OrleansConfigurationException($"Redis: {e.Message}", e);
        }
        catch (RedisConnectionException e)
        {
            // The client's own words are advice to programmers.
            throw new IOException($"Redis at {string.Join(", ", options.EndPoints.Select(AddressOf))} cannot be reached ({e.FailureType})", e);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            throw new IOException($"Redis: {e.Message}", e);
        }
    }

    private static string? AddressOf(EndPoint endpoint) => endpoint is DnsEndPoint { Host: var host, Port: var port } ? $"{host}:{port}" : endpoint.ToString();

    private static async Task<IReadOnlyList<string>> DoubtsAsync(IServer server)
    {
        var doubts = new List<string>();
        foreach (var (name, value) in Durable)
        {
            var found = await FindAsync(server, name);
            if (found is null)
            {
                return ["does not say how it is configured; it has to have " + string.Join(", ", Durable.Select(setting => $"{setting.Name} {setting.Value}"))];
            }

            if (found != value)
            {
                doubts.Add($"{name} is {found} and not {value}: it may forget what it acknowledged");
            }
        }

        return doubts;
    }

    /// <summary>Null where it does not say so, as those that are rented out do not.</summary>
    private static async Task<string?> FindAsync(IServer server, string name)
    {
        try
        {
            return (await server.ConfigGetAsync(name)) is [var only] ? only.Value : null;
        }
        catch (RedisServerException)
        {
            return null;
        }
    }
}
