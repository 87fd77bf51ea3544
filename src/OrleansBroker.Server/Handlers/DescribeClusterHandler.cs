using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 0 to 2. Brokers are told; controllers (endpoint type 2, KIP-919) are not a thing apart here. No broker is fenced.</summary>
internal sealed class DescribeClusterHandler(BrokerServices broker) : IHandler<DescribeClusterRequest, DescribeClusterResponse>
{
    private const sbyte Brokers = 1;
    private const sbyte Controllers = 2;

    public ValueTask<DescribeClusterResponse> HandleAsync(DescribeClusterRequest request, RequestContext context)
    {
        var image = broker.Metadata.Current;
        if (request.EndpointType != Brokers)
        {
            return new(new DescribeClusterResponse
            {
                ErrorCode = request.EndpointType == Controllers ? ErrorCode.MismatchedEndpointType : ErrorCode.UnsupportedEndpointType,
                ErrorMessage = $"This endpoint is a broker's, endpoint type {request.EndpointType} was asked for",
                EndpointType = request.EndpointType,
            });
        }

        return new(new DescribeClusterResponse
        {
            ClusterId = image.ClusterId,
            ControllerId = image.ControllerId.Value,
            Brokers =
            [
                .. image.Brokers.Select(live => new DescribeClusterResponse.DescribeClusterBroker { BrokerId = live.Id.Value, Host = live.Host, Port = live.Port, Rack = live.Rack }),
            ],
            ClusterAuthorizedOperations = request.IncludeClusterAuthorizedOperations ? AuthorizedOperations.Cluster : AuthorizedOperations.NotAsked,
        });
    }
}
