using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using Coordinator = OrleansBroker.Protocol.Messages.FindCoordinatorResponse.Coordinator;

namespace OrleansBroker.Server.Handlers;

/// <summary>
/// Versions 0 to 6, for groups. A transactional id is refused for good: COORDINATOR_NOT_AVAILABLE would have producers ask
/// again until they time out, without saying why.
/// </summary>
internal sealed class FindCoordinatorHandler(BrokerServices broker) : IHandler<FindCoordinatorRequest, FindCoordinatorResponse>
{
    private const sbyte GroupKey = 0;
    private const sbyte TransactionKey = 1;

    /// <summary>From this version on a request asks for several keys.</summary>
    private const short ManyKeysSince = 4;

    public async ValueTask<FindCoordinatorResponse> HandleAsync(FindCoordinatorRequest request, RequestContext context)
    {
        if (context.ApiVersion >= ManyKeysSince)
        {
            var coordinators = new Coordinator[request.CoordinatorKeys.Length];
            for (var i = 0; i < coordinators.Length; i++)
            {
                coordinators[i] = await FindAsync(request.KeyType, request.CoordinatorKeys[i], context.Closed);
            }

            return new FindCoordinatorResponse { Coordinators = coordinators };
        }

        var found = await FindAsync(request.KeyType, request.Key, context.Closed);
        return new FindCoordinatorResponse
        {
            ErrorCode = found.ErrorCode,
            ErrorMessage = found.ErrorMessage,
            NodeId = found.NodeId,
            Host = found.Host,
            Port = found.Port,
        };
    }

    private async ValueTask<Coordinator> FindAsync(sbyte keyType, string key, CancellationToken cancellation)
    {
        if (keyType != GroupKey)
        {
            return Refuse(key, ErrorCode.InvalidRequest, keyType == TransactionKey ? "This broker does not serve transactions." : $"Key type {keyType} is not known.");
        }

        var (error, leader) = await broker.Groups.FindAsync(key, cancellation);
        if (error != ErrorCode.None)
        {
            return Refuse(key, error, "The coordinator is not available.");
        }

        return broker.Metadata.Current.FindBroker(leader) is { } found
            ? new Coordinator { Key = key, NodeId = found.Id.Value, Host = found.Host, Port = found.Port }
            : Refuse(key, ErrorCode.CoordinatorNotAvailable, "The coordinator is not available.");
    }

    private static Coordinator Refuse(string key, ErrorCode error, string message) => new()
    {
        Key = key,
        NodeId = BrokerId.None.Value,
        Port = -1,
        ErrorCode = error,
        ErrorMessage = message,
    };
}
