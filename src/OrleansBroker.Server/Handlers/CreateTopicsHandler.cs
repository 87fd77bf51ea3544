using OrleansBroker.Core;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 2 to 7. What becomes of each topic is the catalog's to decide.</summary>
internal sealed class CreateTopicsHandler(BrokerServices broker) : IHandler<CreateTopicsRequest, CreateTopicsResponse>
{
    public ValueTask<CreateTopicsResponse> HandleAsync(CreateTopicsRequest request, RequestContext context) => broker.Topics.CreateTopicsAsync(request, context.Closed);
}
