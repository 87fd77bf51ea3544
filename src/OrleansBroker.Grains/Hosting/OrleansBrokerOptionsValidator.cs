using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Storage;

namespace OrleansBroker.Grains.Hosting;

/// <summary>Stops the start of a silo whose broker cannot run, with one line that names what is wrong.</summary>
internal sealed class OrleansBrokerOptionsValidator(IOptions<OrleansBrokerOptions> options, IServiceProvider services) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        if (BrokerSettings.FindProblem(options.Value) is { } problem)
        {
            throw new OrleansConfigurationException(problem);
        }

        if (options.Value.Storage is { } storage && services.GetService<IServiceProviderIsKeyedService>()?.IsKeyedService(typeof(IGrainStorage), storage) == false)
        {
            throw new OrleansConfigurationException($"{nameof(options.Value.Storage)} {storage}: no grain storage of this name is registered");
        }
    }
}
