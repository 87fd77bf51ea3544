using OrleansBroker.Core;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 0 and 1 (KIP-339).</summary>
internal sealed class IncrementalAlterConfigsHandler(BrokerServices broker) : IHandler<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>
{
    public ValueTask<IncrementalAlterConfigsResponse> HandleAsync(IncrementalAlterConfigsRequest request, RequestContext context) => broker.Topics.IncrementalAlterConfigsAsync(request, context.Closed);
}
