using OrleansBroker.Core;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 0 to 5. Answered when the leader has sent the assignment.</summary>
internal sealed class SyncGroupHandler(BrokerServices broker) : IHandler<SyncGroupRequest, SyncGroupResponse>
{
    public ValueTask<SyncGroupResponse> HandleAsync(SyncGroupRequest request, RequestContext context) =>
        broker.Groups.SyncGroupAsync(request, context.ToGroupCaller(), context.Stopping);
}
