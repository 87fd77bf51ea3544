using Microsoft.Extensions.Logging;
using OrleansBroker.Grains.Membership;
using OrleansBroker.Grains.Peers;

namespace OrleansBroker.Grains.Doors;

/// <summary>What every <see cref="DoorGrain"/> needs of its silo.</summary>
internal sealed class DoorServices(LocalBroker local, SiloMembership membership, BrokerGrainServiceClient brokers, ILogger<DoorGrain> logger)
{
    public LocalBroker Local { get; } = local;

    public SiloMembership Membership { get; } = membership;

    public BrokerGrainServiceClient Brokers { get; } = brokers;

    public ILogger Logger { get; } = logger;
}
