using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using OrleansBroker.Embedded;
using OrleansBroker.Grains.Hosting;

namespace OrleansBroker.Silo.Clustered;

/// <summary>Runs the broker as a silo of an Orleans cluster.</summary>
internal static class SiloHost
{
    /// <summary>Nobody connects to a silo that is alone, and nothing else is to be in the way of a second one on the machine. Orleans listens all the same.</summary>
    private static readonly IPEndPoint NoPortOfItsOwn = new(IPAddress.Loopback, 0);

    /// <exception cref="BrokerStartException">For a reason that its message names in one line.</exception>
    public static Task RunAsync(CommandLine commandLine, EmbeddedBrokerOptions broker, ILoggerFactory loggers, CancellationToken stopping) =>
        commandLine.Silo is { IsAlone: true, StorageOrDefault: "files" }
            ? RunAloneAsync(commandLine.Silo, broker, loggers, stopping)
            : RunMemberAsync(commandLine.Silo, broker, loggers, stopping);

    private static async Task RunMemberAsync(SiloCommandLine silo, EmbeddedBrokerOptions broker, ILoggerFactory loggers, CancellationToken stopping)
    {
        using var host = Build(silo, broker, loggers, null);
        if (await TryStartAsync(host, stopping))
        {
            SayReady(broker, host.Services.GetRequiredService<SiloBroker>().Endpoint);
            await EndAsync(stopping);
            await host.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>The broker needs nobody to serve its clients, and does not wait for the silo, which starts beside it.</summary>
    private static async Task RunAloneAsync(SiloCommandLine silo, EmbeddedBrokerOptions broker, ILoggerFactory loggers, CancellationToken stopping)
    {
        var opening = EmbeddedBroker.StartAsync(broker, stopping);
        var starting = Task.Run(() => StartBesideAsync(silo, broker, loggers, new OpeningBroker(opening)));
        try
        {
            await using var opened = await opening;
            if (silo.IsCalled)
            {
                await starting;
            }

            SayReady(broker, opened.Endpoint);
            await await Task.WhenAny(EndAsync(stopping), FailureOf(starting));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // It was to stop before it had opened.
        }

        // One that still starts is of use to nobody: it ends with the process.
        if (starting.IsCompletedSuccessfully)
        {
            using var host = await starting;
            await host.StopAsync(CancellationToken.None);
        }
    }

    private static async Task<IHost> StartBesideAsync(SiloCommandLine silo, EmbeddedBrokerOptions broker, ILoggerFactory loggers, OpeningBroker opening)
    {
        var host = Build(silo, broker, loggers, opening);
        await TryStartAsync(host, CancellationToken.None);
        return host;
    }

    private static IHost Build(SiloCommandLine silo, EmbeddedBrokerOptions broker, ILoggerFactory loggers, OpeningBroker? alone)
    {
        var stores = new ClusterStores(silo);
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(stores);
        builder.Services.AddSingleton<IHostLifetime, LifetimeOfProgram>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMinutes(2));
        builder.UseOrleans(orleans =>
        {
            orleans.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (silo.Cluster, silo.Cluster));
            AddEndpoints(orleans, silo, broker);
            stores.AddTo(orleans);
            orleans.Services.AddSingleton<IFatalErrorHandler, EndOfProcess>();
            orleans.AddOrleansBroker(broker, silo.StorageOrDefault == "files" ? null : OrleansBrokerOptions.DefaultStorage, alone);
        });
        return builder.Build();
    }

    /// <summary>False where it was stopped before it had started: what had started ends as the host is disposed of.</summary>
    private static async Task<bool> TryStartAsync(IHost host, CancellationToken stopping)
    {
        try
        {
            await host.Services.GetRequiredService<ClusterStores>().CheckAsync(host.Services.GetRequiredService<ILogger<ClusterStores>>(), stopping);
            await host.StartAsync(stopping);
            return true;
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e)
        {
            throw e as BrokerStartException ?? new BrokerStartException(Cause(e), e);
        }
    }

    private static void SayReady(EmbeddedBrokerOptions broker, string endpoint) =>
        Console.WriteLine($"ready: broker {broker.Config.Broker} on {endpoint}, data in {broker.DataDirectory}");

    private static Task EndAsync(CancellationToken stopping) =>
        Task.Delay(Timeout.Infinite, stopping).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    /// <summary>Ends only as the task fails.</summary>
    private static Task FailureOf(Task task) => task.ContinueWith(
        finished => finished.IsFaulted ? finished : Task.Delay(Timeout.Infinite), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap();

    private static string Cause(Exception e) => (e is AggregateException { InnerExceptions: [var only] } ? only : e).Message.ReplaceLineEndings(" ");

    private static void AddEndpoints(ISiloBuilder orleans, SiloCommandLine silo, EmbeddedBrokerOptions broker)
    {
        var (host, port) = silo.ListenOrDefault(HostOf(broker), broker.Config.Broker.Value);
        var address = host.Length == 0 ? IPAddress.Any : IPAddress.TryParse(host, out var literal) ? literal : Resolve(host);
        var advertised = Advertised(silo, address);
        orleans.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = advertised;
            options.SiloPort = port;
            options.GatewayPort = silo.GatewayPort;
            options.SiloListeningEndpoint = silo.IsAlone && silo.Listen is null ? NoPortOfItsOwn : new IPEndPoint(address, port);
            options.GatewayListeningEndpoint = silo.GatewayPort == 0 ? null : new IPEndPoint(address, silo.GatewayPort);
        });
    }

    /// <summary>Empty for every address.</summary>
    private static string HostOf(EmbeddedBrokerOptions broker)
    {
        var listener = broker.Config.Listeners[(broker.Config.Listeners.IndexOf("//", StringComparison.Ordinal) + 2)..];
        return listener[..Math.Max(0, listener.LastIndexOf(':'))].TrimStart('[').TrimEnd(']');
    }

    /// <summary>Where other silos are told to connect. On other machines the loopback address would lead them to themselves.</summary>
    private static IPAddress Advertised(SiloCommandLine silo, IPAddress address)
    {
        var isAny = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
        if (silo.IsAlone)
        {
            return isAny ? IPAddress.Loopback : address;
        }

        var advertised = isAny ? Resolve(Dns.GetHostName()) : address;
        return !IPAddress.IsLoopback(advertised) || (silo.Listen is not null && !isAny)
            ? advertised
            : throw new BrokerStartException($"--silo-listen: is needed, with an address of this machine: other silos cannot connect to {advertised}, which follows from --listen and the machine's name");
    }

    private static IPAddress Resolve(string host)
    {
        try
        {
            return Dns.GetHostAddresses(host, AddressFamily.InterNetwork).OrderBy(IPAddress.IsLoopback).FirstOrDefault() ?? throw new BrokerStartException($"--silo-listen {host}: has no IPv4 address");
        }
        catch (SocketException e)
        {
            throw new BrokerStartException($"--silo-listen {host}: {e.Message}", e);
        }
    }
}
