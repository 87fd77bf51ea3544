using Orleans.Placement;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Catalog;
using OrleansBroker.Grains.Doors;
using OrleansBroker.Grains.Placement;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Grains.Catalog;

/// <inheritdoc cref="ICatalogGrain"/>
[GrainType(BrokerGrainTypes.Catalog)]
[BrokerControllerPlacement]
[Immovable]
internal sealed class CatalogGrain(DoorServices services) : DoorGrain(services, new BrokerControllerPlacement()), ICatalogGrain
{
    public async Task<CreateTopicsResponse> CreateTopicsAsync(CreateTopicsRequest request) => (await AskAsync<CreateTopicsResponse>(request))!;

    public async Task<DeleteTopicsResponse> DeleteTopicsAsync(DeleteTopicsRequest request) => (await AskAsync<DeleteTopicsResponse>(request))!;

    public async Task<CreatePartitionsResponse> CreatePartitionsAsync(CreatePartitionsRequest request) => (await AskAsync<CreatePartitionsResponse>(request))!;

    public async Task<MetadataResponse> DescribeAsync(MetadataRequest request) => (await AskAsync<MetadataResponse>(request))!;

    public async Task<DescribeConfigsResponse> DescribeConfigsAsync(DescribeConfigsRequest request) => (await AskAsync<DescribeConfigsResponse>(request))!;

    public async Task<IncrementalAlterConfigsResponse> AlterConfigsAsync(IncrementalAlterConfigsRequest request) => (await AskAsync<IncrementalAlterConfigsResponse>(request))!;
}
