using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Client;

namespace Microsoft.Extensions.Hosting;

/// <summary>Gives an application the grains of a cluster of brokers.</summary>
public static class OrleansBrokerGrainClientExtensions
{
    /// <summary>
    /// Connects to the brokers' cluster when the application starts, again whenever the connection is lost, and ends with the
    /// application. The application may itself be a silo or a client of another cluster. <see cref="IBrokerGrains"/> has the brokers'
    /// grains; an <see cref="IClusterClient"/> and an <see cref="IGrainFactory"/> are under
    /// <see cref="OrleansBrokerGrainClientOptions.ServiceKey"/>.
    /// </summary>
    /// <param name="client">What the options do not say, as how gateways are found: <c>client => client.UseRedisClustering(…)</c>.</param>
    public static IServiceCollection AddOrleansBrokerGrainClient(
        this IServiceCollection services, Action<OrleansBrokerGrainClientOptions> configure, Action<IClientBuilder>? client = null)
    {
        services.AddOptions<OrleansBrokerGrainClientOptions>().Configure(configure).ValidateOnStart();
        return services.AddClient(client);
    }

    /// <inheritdoc cref="AddOrleansBrokerGrainClient(IServiceCollection, Action{OrleansBrokerGrainClientOptions}, Action{IClientBuilder}?)"/>
    /// <param name="section">Its keys are the names of <see cref="OrleansBrokerGrainClientOptions"/>.</param>
    public static IServiceCollection AddOrleansBrokerGrainClient(this IServiceCollection services, IConfigurationSection section, Action<IClientBuilder>? client = null)
    {
        services.AddOptions<OrleansBrokerGrainClientOptions>().Bind(section).ValidateOnStart();
        return services.AddClient(client);
    }

    private static IServiceCollection AddClient(this IServiceCollection services, Action<IClientBuilder>? client)
    {
        if (services.Any(service => service.ServiceType == typeof(GrainClient)))
        {
            throw new InvalidOperationException("a client of the brokers' grains was added before");
        }

        services.AddSingleton<IValidateOptions<OrleansBrokerGrainClientOptions>, OrleansBrokerGrainClientOptionsValidator>();
        services.AddSingleton(provider => new GrainClient(
            provider.GetRequiredService<IOptions<OrleansBrokerGrainClientOptions>>(), client, provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<GrainClient>());
        services.AddSingleton(provider => provider.GetRequiredService<GrainClient>().Grains);
        services.AddKeyedSingleton(OrleansBrokerGrainClientOptions.ServiceKey, (provider, _) => provider.GetRequiredService<GrainClient>().Client);
        services.AddKeyedSingleton<IGrainFactory>(OrleansBrokerGrainClientOptions.ServiceKey, (provider, _) => provider.GetRequiredService<GrainClient>().Client);
        return services;
    }
}
