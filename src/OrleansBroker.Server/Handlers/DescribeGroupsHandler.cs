using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 0 to 6.</summary>
internal sealed class DescribeGroupsHandler(BrokerServices broker) : IHandler<DescribeGroupsRequest, DescribeGroupsResponse>
{
    public async ValueTask<DescribeGroupsResponse> HandleAsync(DescribeGroupsRequest request, RequestContext context)
    {
        var response = await broker.Groups.DescribeGroupsAsync(request, context.ToGroupCaller());
        if (request.IncludeAuthorizedOperations)
        {
            foreach (var group in response.Groups)
            {
                group.AuthorizedOperations = group.ErrorCode == ErrorCode.None ? AuthorizedOperations.Group : AuthorizedOperations.NotAsked;
            }
        }

        return response;
    }
}
