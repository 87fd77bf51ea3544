// Orleans calls its distributed directory an experiment; its default one deactivates grains of silos that go on when another ends.
#pragma warning disable ORLEANSEXP003

using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.GrainDirectory;
using Orleans.Metadata;
using Orleans.Runtime.GrainDirectory;
using OrleansBroker.Abstractions;

namespace OrleansBroker.Grains.Placement;

/// <summary>
/// Where the activations of the brokers' grains are registered: in the directory named <see cref="Name"/>, which is Orleans'
/// distributed one unless the application has registered another under that name, or uses the distributed one for its own grains.
/// What a directory has wrong does no harm, and so it does not have to wait, when a silo has died, before it gives its grains away.
/// </summary>
internal sealed class BrokerGrainDirectory(IServiceProvider services) : IGrainDirectoryResolver
{
    public const string Name = "OrleansBroker";

    public static void AddTo(ISiloBuilder silo)
    {
        silo.Services.AddSingleton<IGrainDirectoryResolver, BrokerGrainDirectory>();
        if (!silo.Services.Any(service => service.ServiceType == typeof(IGrainDirectory) && Equals(service.ServiceKey, Name)))
        {
            silo.AddDistributedGrainDirectory(Name);
            silo.Configure<GrainDirectoryOptions>(options => options.RangeLeaseDuration = TimeSpan.Zero);
        }
    }

    public bool TryResolveGrainDirectory(GrainType grainType, GrainProperties? properties, [NotNullWhen(true)] out IGrainDirectory? grainDirectory)
    {
        grainDirectory = grainType.ToString()!.StartsWith(BrokerGrainTypes.Prefix, StringComparison.Ordinal) ? services.GetKeyedService<IGrainDirectory>(Name) : null;
        return grainDirectory is not null;
    }
}
