using OrleansBroker.Core;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 0 to 3. What becomes of each topic is the catalog's to decide.</summary>
internal sealed class CreatePartitionsHandler(BrokerServices broker) : IHandler<CreatePartitionsRequest, CreatePartitionsResponse>
{
    public ValueTask<CreatePartitionsResponse> HandleAsync(CreatePartitionsRequest request, RequestContext context) => broker.Topics.CreatePartitionsAsync(request, context.Closed);
}
