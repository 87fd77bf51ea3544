using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 0 to 6.</summary>
internal sealed class DescribeGroupsHandler(BrokerServices broker) : IHandler<DescribeGroupsRequest, DescribeGroupsResponse>
{
    /// <summary>Read, Delete, Describe, DescribeConfigs and AlterConfigs: all that can be done to a group.</summary>
    private const int AuthorizedOperations = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11);

    private const int NotAuthorized = int.MinValue;

    public async ValueTask<DescribeGroupsResponse> HandleAsync(DescribeGroupsRequest request, RequestContext context)
    {
        var response = await broker.Groups.DescribeGroupsAsync(request, context.ToGroupCaller());
        if (request.IncludeAuthorizedOperations)
        {
            foreach (var group in response.Groups)
            {
                group.AuthorizedOperations = group.ErrorCode == ErrorCode.None ? AuthorizedOperations : NotAuthorized;
            }
        }

        return response;
    }
}
