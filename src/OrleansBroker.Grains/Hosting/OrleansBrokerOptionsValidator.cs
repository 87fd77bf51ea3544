using Microsoft.Extensions.Options;

namespace OrleansBroker.Grains.Hosting;

/// <summary>Stops the start of a silo whose broker cannot run, with one line that names what is wrong.</summary>
internal sealed class OrleansBrokerOptionsValidator(IOptions<OrleansBrokerOptions> options) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        if (BrokerSettings.FindProblem(options.Value) is { } problem)
        {
            throw new OrleansConfigurationException(problem);
        }
    }
}
