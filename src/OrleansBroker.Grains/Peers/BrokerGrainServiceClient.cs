using Orleans.Runtime.Services;

namespace OrleansBroker.Grains.Peers;

/// <summary>Finds the <see cref="IBrokerGrainService"/> of a silo.</summary>
internal sealed class BrokerGrainServiceClient(IServiceProvider services) : GrainServiceClient<IBrokerGrainService>(services)
{
    public IBrokerGrainService At(SiloAddress silo) => GetGrainService(silo);
}
