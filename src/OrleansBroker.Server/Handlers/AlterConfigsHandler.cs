using OrleansBroker.Core;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 0 to 2, the older way: what is not named goes back to its default.</summary>
internal sealed class AlterConfigsHandler(BrokerServices broker) : IHandler<AlterConfigsRequest, AlterConfigsResponse>
{
    public ValueTask<AlterConfigsResponse> HandleAsync(AlterConfigsRequest request, RequestContext context) => broker.Topics.AlterConfigsAsync(request, context.Closed);
}
