using System.Data.Common;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans.Configuration;
using OrleansBroker.Embedded;
using OrleansBroker.Grains.Hosting;
using StackExchange.Redis;

namespace OrleansBroker.Silo.Clustered;

/// <summary>Runs the broker as a silo of an Orleans cluster.</summary>
internal static class SiloHost
{
    private const string PostgresInvariant = "Npgsql";

    /// <exception cref="BrokerStartException">For a reason that its message names in one line.</exception>
    public static async Task RunAsync(CommandLine commandLine, EmbeddedBrokerOptions broker, ILoggerFactory loggers, Task stopped)
    {
        var silo = commandLine.Silo!;
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton(loggers);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMinutes(2));
        builder.UseOrleans(orleans =>
        {
            orleans.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (silo.Cluster, silo.Cluster));
            AddEndpoints(orleans, silo, broker);
            AddClustering(orleans, silo, broker);
            AddStorage(orleans, silo);
            orleans.AddOrleansBroker(broker, silo.StorageOrDefault == "files" ? null : OrleansBrokerOptions.DefaultStorage);
            orleans.Services.AddSingleton<IFatalErrorHandler, EndOfProcess>();
        });
        using var host = builder.Build();
        try
        {
            await host.StartAsync();
        }
        catch (Exception e)
        {
            throw e as BrokerStartException ?? new BrokerStartException(Cause(e), e);
        }

        Console.WriteLine($"ready: broker {silo.BrokerId} on {host.Services.GetRequiredService<SiloBroker>().Endpoint}, data in {broker.DataDirectory}");
        await stopped;
        await host.StopAsync();
    }

    private static string Cause(Exception e) => (e is AggregateException { InnerExceptions: [var only] } ? only : e).Message.ReplaceLineEndings(" ");

    private static void AddEndpoints(ISiloBuilder orleans, SiloCommandLine silo, EmbeddedBrokerOptions broker)
    {
        var (host, port) = silo.ListenOrDefault(HostOf(broker));
        var address = IPAddress.TryParse(host, out var literal) ? literal : Resolve(host);
        var advertised = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? Resolve(Dns.GetHostName()) : address;
        orleans.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = advertised;
            options.SiloPort = port;
            options.GatewayPort = silo.GatewayPort;
            options.SiloListeningEndpoint = new IPEndPoint(address, port);
            options.GatewayListeningEndpoint = silo.GatewayPort == 0 ? null : new IPEndPoint(address, silo.GatewayPort);
        });
    }

    private static string HostOf(EmbeddedBrokerOptions broker) =>
        CommandLine.TryParseEndpoint(broker.Config.Listeners[(broker.Config.Listeners.IndexOf("//", StringComparison.Ordinal) + 2)..], out var host, out _) ? host : "127.0.0.1";

    private static IPAddress Resolve(string host)
    {
        try
        {
            return Dns.GetHostAddresses(host, AddressFamily.InterNetwork).FirstOrDefault() ?? throw new BrokerStartException($"--silo-listen {host}: has no IPv4 address");
        }
        catch (SocketException e)
        {
            throw new BrokerStartException($"--silo-listen {host}: {e.Message}", e);
        }
    }

    private static void AddClustering(ISiloBuilder orleans, SiloCommandLine silo, EmbeddedBrokerOptions broker)
    {
        switch (silo.Clustering)
        {
            case "redis":
                orleans.UseRedisClustering(options => options.ConfigurationOptions = RedisOptions(silo));
                break;
            case "postgres":
                RegisterPostgres();
                orleans.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (PostgresInvariant, silo.Postgres!));
                break;
            default:
                var (host, port) = silo.ListenOrDefault(HostOf(broker));
                orleans.UseDevelopmentClustering(new IPEndPoint(IPAddress.TryParse(host, out var literal) ? literal : Resolve(host), port));
                break;
        }
    }

    private static void AddStorage(ISiloBuilder orleans, SiloCommandLine silo)
    {
        switch (silo.StorageOrDefault)
        {
            case "redis":
                orleans.AddRedisGrainStorage(OrleansBrokerOptions.DefaultStorage, options => options.ConfigurationOptions = RedisOptions(silo));
                break;
            case "postgres":
                RegisterPostgres();
                orleans.AddAdoNetGrainStorage(OrleansBrokerOptions.DefaultStorage, options => (options.Invariant, options.ConnectionString) = (PostgresInvariant, silo.Postgres!));
                break;
            default:
                // Files are the broker's own.
                break;
        }
    }

    /// <summary>Redis may come later than the silo, and may go and come back.</summary>
    private static ConfigurationOptions RedisOptions(SiloCommandLine silo)
    {
        try
        {
            var options = ConfigurationOptions.Parse(silo.Redis!);
            options.AbortOnConnectFail = false;
            return options;
        }
        catch (ArgumentException e)
        {
            throw new BrokerStartException($"--redis {silo.Redis}: {e.Message}", e);
        }
    }

    private static void RegisterPostgres() => DbProviderFactories.RegisterFactory(PostgresInvariant, NpgsqlFactory.Instance);
}
