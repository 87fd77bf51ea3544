using OrleansBroker.Core;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 0 to 5.</summary>
internal sealed class ListGroupsHandler(BrokerServices broker) : IHandler<ListGroupsRequest, ListGroupsResponse>
{
    public ValueTask<ListGroupsResponse> HandleAsync(ListGroupsRequest request, RequestContext context) =>
        broker.Groups.ListGroupsAsync(request, context.ToGroupCaller());
}
