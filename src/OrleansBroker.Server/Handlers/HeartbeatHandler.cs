using OrleansBroker.Core;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 0 to 4.</summary>
internal sealed class HeartbeatHandler(BrokerServices broker) : IHandler<HeartbeatRequest, HeartbeatResponse>
{
    public ValueTask<HeartbeatResponse> HandleAsync(HeartbeatRequest request, RequestContext context) =>
        broker.Groups.HeartbeatAsync(request, context.ToGroupCaller());
}
