using OrleansBroker.Core;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 0 to 9. Answered when all members have joined.</summary>
internal sealed class JoinGroupHandler(BrokerServices broker) : IHandler<JoinGroupRequest, JoinGroupResponse>
{
    public ValueTask<JoinGroupResponse> HandleAsync(JoinGroupRequest request, RequestContext context) =>
        broker.Groups.JoinGroupAsync(request, context.ToGroupCaller(), context.Stopping);
}
