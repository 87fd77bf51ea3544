using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Serialization;
using Orleans.Storage;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Messages;
using OrleansBroker.Core.Ports;
using OrleansBroker.Embedded;
using OrleansBroker.Grains;
using OrleansBroker.Grains.Documents;
using OrleansBroker.Grains.Doors;
using OrleansBroker.Grains.Hosting;
using OrleansBroker.Grains.Hosting.Health;
using OrleansBroker.Grains.Membership;
using OrleansBroker.Grains.Peers;
using OrleansBroker.Grains.Placement;
using OrleansBroker.Storage.Files;

namespace Orleans.Hosting;

/// <summary>Makes a silo a broker.</summary>
public static class OrleansBrokerHostingExtensions
{
    /// <summary>Runs a broker in this silo.</summary>
    public static ISiloBuilder AddOrleansBroker(this ISiloBuilder silo, Action<OrleansBrokerOptions> configure)
    {
        silo.Services.AddOptions<OrleansBrokerOptions>().Configure(configure);
        return silo.AddBroker();
    }

    /// <summary>Runs a broker in this silo, as a section of the configuration says: its keys are the names of <see cref="OrleansBrokerOptions"/>.</summary>
    public static ISiloBuilder AddOrleansBroker(this ISiloBuilder silo, IConfigurationSection section)
    {
        silo.Services.AddOptions<OrleansBrokerOptions>().Bind(section);
        return silo.AddBroker();
    }

    /// <summary>
    /// For a silo of the brokers' cluster that is no broker itself, so that its grains can call the brokers'. A broker has it already.
    /// </summary>
    public static ISiloBuilder AddOrleansBrokerGrains(this ISiloBuilder silo)
    {
        // A silo that does not hear soon of a death goes on calling who is dead.
        silo.Services.AddOptions<ClusterMembershipOptions>().Configure(ClusterDefaults.Apply);
        silo.Services.AddSerializer(serializer => serializer.AddOrleansBrokerMessages());
        silo.Services.TryAddSingleton<IBrokerGrains>(provider => new BrokerGrains(provider.GetRequiredService<IGrainFactory>()));
        BrokerGrainDirectory.AddTo(silo);
        return silo
            .AddPlacementDirector<BrokerPartitionPlacement, BrokerPlacementDirector>()
            .AddPlacementDirector<BrokerReplicaPlacement, BrokerPlacementDirector>()
            .AddPlacementDirector<BrokerGroupPlacement, BrokerPlacementDirector>()
            .AddPlacementDirector<BrokerControllerPlacement, BrokerPlacementDirector>();
    }

    /// <summary>Runs a broker in this silo that is told everything else by Kafka's configuration.</summary>
    /// <param name="storage">See <see cref="OrleansBrokerOptions.Storage"/>.</param>
    /// <param name="alone">The broker where it opens by itself.</param>
    internal static ISiloBuilder AddOrleansBroker(this ISiloBuilder silo, EmbeddedBrokerOptions broker, string? storage, OpeningBroker? alone = null)
    {
        if (alone is not null)
        {
            silo.Services.AddSingleton(alone);
        }

        silo.Services.AddSingleton(broker);
        return silo.AddOrleansBroker(options => (options.BrokerId, options.DataDirectory, options.Storage) = (broker.Config.Broker.Value, broker.DataDirectory, storage));
    }

    private static ISiloBuilder AddBroker(this ISiloBuilder silo)
    {
        var services = silo.Services;
        services.AddSingleton<IConfigurationValidator, OrleansBrokerOptionsValidator>();
        services.AddOptions<SiloOptions>().PostConfigure<IOptions<OrleansBrokerOptions>>((silo, broker) => silo.SiloName = SiloName.Of(new(BrokerSettings.IdOf(broker.Value))));
        services.AddSingleton<LocalBroker>();
        services.AddSingleton<BrokerGrainServiceClient>();
        services.AddSingleton<SiloMembership>();
        services.AddSingleton(provider => new PauseWatch(provider.GetRequiredService<SiloMembership>().IsAliveAsync, provider.GetRequiredService<ILogger<PauseWatch>>()));
        services.AddSingleton<IPeers, SiloPeers>();
        services.AddSingleton<ISilosAround, SilosAround>();
        services.AddSingleton<Refusals>();
        services.AddOptions<SiloConnectionOptions>().Configure(SiloConnectionEnds.Watch);
        services.AddSingleton<SiloBroker>();
        services.AddSingleton<StoreWatch>();
        services.AddSingleton<BrokerHealth>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<SiloBroker>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => BrokerSettings.ToBrokerOptions(provider.GetRequiredService<IOptions<OrleansBrokerOptions>>().Value, provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton(NewDocuments);
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<SiloLinks>(provider, new Lazy<IDocumentStore>(provider.GetRequiredService<IDocumentStore>), provider.GetRequiredService<ILocalSiloDetails>().SiloAddress));
        services.AddSingleton<DoorServices>();
        services.AddGrainService<BrokerGrainService>();
        silo.AddOrleansBrokerGrains();
        SeverOnFatalErrors(services);
        CheckVotes(services);
        return silo;
    }

    /// <summary>A handler of the host's own has to be registered before this.</summary>
    private static void SeverOnFatalErrors(IServiceCollection services)
    {
        var host = services.Last(service => service.ServiceType == typeof(IFatalErrorHandler));
        services.RemoveAll<IFatalErrorHandler>();
        services.AddSingleton<IFatalErrorHandler>(provider => new SeveringErrorHandler(
            provider.GetRequiredService<LocalBroker>(),
            (IFatalErrorHandler)(host.ImplementationInstance ?? host.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, host.ImplementationType!))));
    }

    /// <summary>
    /// A clustering provider has to be registered before this. Orleans knows the table of its development clustering by its type, and
    /// that one lives with a silo, not beside it.
    /// </summary>
    private static void CheckVotes(IServiceCollection services)
    {
        if (services.LastOrDefault(service => !service.IsKeyedService && service.ServiceType == typeof(IMembershipTable)) is { } clustering)
        {
            services.AddSingleton(provider =>
            {
                var table = (IMembershipTable)(clustering.ImplementationInstance ?? clustering.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, clustering.ImplementationType!));
                return table.GetType().Name == "SystemTargetBasedMembershipTable"
                    ? table
                    : new FreshVotes(
                        table, provider.GetRequiredService<ILocalSiloDetails>().SiloAddress, provider.GetRequiredService<ISilosAround>, provider.GetRequiredService<TimeProvider>(),
                        provider.GetRequiredService<ILogger<FreshVotes>>());
            });
        }
    }

    private static IDocumentStore NewDocuments(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<OrleansBrokerOptions>>().Value;
        return options.Storage is { } name
            ? new GrainStorageDocuments(provider.GetRequiredKeyedService<IGrainStorage>(name))
            : new FileDocumentStore(LocalFileSystem.Instance, Path.Combine(Path.GetFullPath(options.DataDirectory), "documents"));
    }
}
