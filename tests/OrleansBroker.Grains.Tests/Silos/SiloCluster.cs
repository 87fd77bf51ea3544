using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Storage;
using Orleans.TestingHost;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Messages;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Embedded.Tests.Cluster;
using OrleansBroker.Grains.Hosting;
using OrleansBroker.Grains.Membership;
using OrleansBroker.Grains.Tests.Documents;

namespace OrleansBroker.Grains.Tests.Silos;

/// <summary>Brokers that are silos of one Orleans cluster, in this process, with real listeners and real files; their documents outlive them.</summary>
internal sealed class SiloCluster : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("orleansbroker-silos-").FullName;
    private readonly InProcessSiloHandle?[] _silos;
    private readonly InProcessTestCluster _cluster;
    private readonly ConcurrentDictionary<SiloAddress, bool> _ended = new();

    private SiloCluster(int room, Action<ISiloBuilder>? configure)
    {
        _silos = new InProcessSiloHandle?[room];
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ConfigureFileLogging = false;
        builder.Options.InitializeClientOnDeploy = false;
        builder.ConfigureSilo((silo, orleans) =>
        {
            orleans.Services.AddKeyedSingleton<IGrainStorage>(OrleansBrokerOptions.DefaultStorage, Storage);
            configure?.Invoke(orleans);
            if (Starting < 0)
            {
                orleans.AddOrleansBrokerGrains();
                return;
            }

            orleans.Services.AddHealthChecks().AddOrleansBroker();
            orleans.AddOrleansBroker(options =>
            {
                options.BrokerId = Starting;
                options.DataDirectory = Path.Combine(_directory, $"broker{Starting}");
                options.Listen = "127.0.0.1:0";
            });
            orleans.Services.AddSingleton<ISilosAround>(services => new SilosInMemory(ActivatorUtilities.CreateInstance<SilosAround>(services), _ended));
        });
        builder.ConfigureClient(client => client.Services.AddSerializer(serializer => serializer.AddOrleansBrokerMessages()));
        _cluster = MemoryPorts.Find(builder.Build);
        Client = new ClusterClient(() => [.. _silos.Select(Look)]);
    }

    public FaultyGrainStorage Storage { get; } = new();

    public ClusterClient Client { get; }

    // Silos start one after the other.
    private int Starting { get; set; }

    /// <param name="configure">For every silo, before it is made a broker.</param>
    /// <param name="room">How many brokers there can be; those after the first <paramref name="brokers"/> have to be started.</param>
    public static async Task<SiloCluster> OfAsync(int brokers, Action<ISiloBuilder>? configure = null, int room = 0)
    {
        var cluster = new SiloCluster(Math.Max(brokers, room), configure);
        for (var broker = 0; broker < brokers; broker++)
        {
            await cluster.StartAsync(broker, isFirst: broker == 0);
        }

        return cluster;
    }

    public Task StartAsync(int broker) => StartAsync(broker, isFirst: false);

    /// <summary>Adds a silo to the cluster that is no broker; its grains see the brokers' so.</summary>
    public async Task<IBrokerGrains> StartSiloAsync()
    {
        Starting = -1;
        return (await _cluster.StartAdditionalSiloAsync()).ServiceProvider.GetRequiredService<IBrokerGrains>();
    }

    /// <summary>The grains as a grain in a broker's silo would call them.</summary>
    public IBrokerGrains GrainsAt(int broker) => Service<IBrokerGrains>(broker);

    /// <summary>The grains as a client of the cluster calls them.</summary>
    public async Task<IBrokerGrains> ConnectAsync()
    {
        await _cluster.InitializeClientAsync();
        return new BrokerGrains(_cluster.Client);
    }

    /// <summary>The broker at whose silo a grain is activated, as Orleans' directory has it; -1 where it is not.</summary>
    public async Task<int> WhereAsync(IAddressable grain)
    {
        var asked = _silos.OfType<InProcessSiloHandle>().First();
        var silo = await asked.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetActivationAddress(grain);
        return Array.FindIndex(_silos, each => each is not null && each.SiloAddress.Equals(silo));
    }

    public SiloAddress AddressOf(int broker) => _silos[broker]!.SiloAddress;

    public T Service<T>(int broker)
        where T : notnull => _silos[broker]!.ServiceProvider.GetRequiredService<T>();

    /// <summary>Stops a silo as SIGTERM would: it hands its leaderships over first.</summary>
    public Task StopAsync(int broker) => EndAsync(broker, _cluster.StopSiloAsync);

    /// <summary>Ends a silo without a clean stop.</summary>
    public Task KillAsync(int broker)
    {
        _ended.TryAdd(AddressOf(broker), true);
        return EndAsync(broker, _cluster.KillSiloAsync);
    }

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

    /// <summary>Silos without sockets: those that were killed refuse, where all would.</summary>
    private sealed class SilosInMemory(SilosAround silos, ConcurrentDictionary<SiloAddress, bool> ended) : ISilosAround
    {
        public SiloAddress Self => silos.Self;

        public IReadOnlyCollection<SiloAddress> Active => silos.Active;

        public Task<bool> RefusesAsync(SiloAddress silo) => Task.FromResult(ended.ContainsKey(silo));

        public Task<bool> AnswersAsync(SiloAddress silo) => silos.AnswersAsync(silo);

        public Task<bool> AskAsync(SiloAddress witness, SiloAddress silo) => silos.AskAsync(witness, silo);

        public Task DeclareDeadAsync(SiloAddress silo) => silos.DeclareDeadAsync(silo);
    }
}
