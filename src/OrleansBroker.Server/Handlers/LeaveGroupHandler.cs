using OrleansBroker.Core;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 0 to 5.</summary>
internal sealed class LeaveGroupHandler(BrokerServices broker) : IHandler<LeaveGroupRequest, LeaveGroupResponse>
{
    public ValueTask<LeaveGroupResponse> HandleAsync(LeaveGroupRequest request, RequestContext context) =>
        broker.Groups.LeaveGroupAsync(request, context.ToGroupCaller());
}
