using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Handlers;

/// <summary>Gives an idempotent producer its id. One that has an id already, and lost track of its sequence, gets a new one (KIP-360).</summary>
internal sealed class InitProducerIdHandler(BrokerServices broker) : IHandler<InitProducerIdRequest, InitProducerIdResponse>
{
    public async ValueTask<InitProducerIdResponse> HandleAsync(InitProducerIdRequest request, RequestContext context)
    {
        if (request.TransactionalId is not null)
        {
            // There are no transactions yet: an error that clients take as final, not as a coordinator to wait for.
            return Fail(request.TransactionalId.Length == 0 ? ErrorCode.InvalidRequest : ErrorCode.UnsupportedVersion);
        }

        try
        {
            var id = await broker.ProducerIds.NextAsync(context.Closed);
            return new InitProducerIdResponse { ProducerId = id.Value, ProducerEpoch = 0 };
        }
        catch (IOException)
        {
            return Fail(ErrorCode.CoordinatorNotAvailable);
        }
    }

    private static InitProducerIdResponse Fail(ErrorCode error) => new() { ErrorCode = error, ProducerId = -1, ProducerEpoch = -1 };
}
