using OrleansBroker.Core;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 0 to 2.</summary>
internal sealed class DeleteGroupsHandler(BrokerServices broker) : IHandler<DeleteGroupsRequest, DeleteGroupsResponse>
{
    public ValueTask<DeleteGroupsResponse> HandleAsync(DeleteGroupsRequest request, RequestContext context) =>
        broker.Groups.DeleteGroupsAsync(request, context.ToGroupCaller());
}
