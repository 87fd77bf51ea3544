using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Orleans.TestingHost;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Embedded.Tests.Cluster;
using OrleansBroker.Grains.Hosting;
using OrleansBroker.Grains.Tests.Documents;

namespace OrleansBroker.Grains.Tests.Silos;

/// <summary>Brokers that are silos of one Orleans cluster, in this process, with real listeners and real files; their documents outlive them.</summary>
internal sealed class SiloCluster : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("orleansbroker-silos-").FullName;
    private readonly InProcessSiloHandle?[] _silos;
    private readonly InProcessTestCluster _cluster;

    private SiloCluster(int brokers)
    {
        _silos = new InProcessSiloHandle?[brokers];
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ConfigureFileLogging = false;
        builder.Options.InitializeClientOnDeploy = false;
        builder.ConfigureSilo((silo, orleans) =>
        {
            orleans.Services.AddKeyedSingleton<IGrainStorage>(OrleansBrokerOptions.DefaultStorage, Storage);
            orleans.AddOrleansBroker(options =>
            {
                options.BrokerId = Starting;
                options.DataDirectory = Path.Combine(_directory, $"broker{Starting}");
                options.Listen = "127.0.0.1:0";
            });
        });
        _cluster = builder.Build();
        Client = new ClusterClient(() => [.. _silos.Select(Look)]);
    }

    public FaultyGrainStorage Storage { get; } = new();

    public ClusterClient Client { get; }

    // Silos start one after the other.
    private int Starting { get; set; }

    public static async Task<SiloCluster> OfAsync(int brokers)
    {
        var cluster = new SiloCluster(brokers);
        for (var broker = 0; broker < brokers; broker++)
        {
            await cluster.StartAsync(broker, isFirst: broker == 0);
        }

        return cluster;
    }

    public Task StartAsync(int broker) => StartAsync(broker, isFirst: false);

    public T Service<T>(int broker)
        where T : notnull => _silos[broker]!.ServiceProvider.GetRequiredService<T>();

    /// <summary>Stops a silo as SIGTERM would: it hands its leaderships over first.</summary>
    public Task StopAsync(int broker) => EndAsync(broker, _cluster.StopSiloAsync);

    /// <summary>Ends a silo without a clean stop.</summary>
    public Task KillAsync(int broker) => EndAsync(broker, _cluster.KillSiloAsync);

    public async ValueTask DisposeAsync()
    {
        for (var broker = 0; broker < _silos.Length; broker++)
        {
            await StopAsync(broker);
        }

        await _cluster.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task StartAsync(int broker, bool isFirst)
    {
        Starting = broker;
        if (isFirst)
        {
            await _cluster.DeployAsync();
            _silos[broker] = _cluster.Silos[0];
        }
        else
        {
            _silos[broker] = await _cluster.StartAdditionalSiloAsync();
        }
    }

    private async Task EndAsync(int broker, Func<InProcessSiloHandle, Task> end)
    {
        if (_silos[broker] is { } silo)
        {
            _silos[broker] = null;
            await end(silo);
        }
    }

    private static ClusterClient.Broker Look(InProcessSiloHandle? silo) => silo is null
        ? new(string.Empty, BrokerState.Stopped, [])
        : new(
            silo.ServiceProvider.GetRequiredService<SiloBroker>().Endpoint,
            BrokerState.Running,
            silo.ServiceProvider.GetRequiredService<LocalBroker>().Host is { } host ? ReplicaStatus.AllOf(host) : []);
}
