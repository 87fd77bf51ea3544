using Orleans.Placement;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Catalog;
using OrleansBroker.Grains.Doors;
using OrleansBroker.Grains.Placement;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Grains.Catalog;

/// <inheritdoc cref="IProducerIdGrain"/>
[GrainType(BrokerGrainTypes.ProducerIds)]
[BrokerControllerPlacement]
[Immovable]
internal sealed class ProducerIdGrain(DoorServices services) : DoorGrain(services, new BrokerControllerPlacement()), IProducerIdGrain
{
    public async Task<InitProducerIdResponse> NextAsync() => (await AskAsync<InitProducerIdResponse>(new InitProducerIdRequest()))!;
}
