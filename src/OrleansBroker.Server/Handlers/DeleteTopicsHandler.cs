using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.Messages.DeleteTopicsResponse;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 1 to 6. Where deletion is disabled, versions before 3 have no code that says so.</summary>
internal sealed class DeleteTopicsHandler(BrokerServices broker) : IHandler<DeleteTopicsRequest, DeleteTopicsResponse>
{
    private const short TopicDeletionDisabledSince = 3;

    public ValueTask<DeleteTopicsResponse> HandleAsync(DeleteTopicsRequest request, RequestContext context) => broker.Config.Current.DeleteTopicEnable
        ? broker.Topics.DeleteTopicsAsync(request, context.Closed)
        : new(Refuse(request, context.ApiVersion < TopicDeletionDisabledSince ? ErrorCode.InvalidRequest : ErrorCode.TopicDeletionDisabled));

    private static DeleteTopicsResponse Refuse(DeleteTopicsRequest request, ErrorCode code) => new()
    {
        Responses =
        [
            .. request.Topics.Select(topic => new DeletableTopicResult { Name = topic.Name, TopicId = topic.TopicId, ErrorCode = code, ErrorMessage = "delete.topic.enable is false" }),
            .. request.TopicNames.Select(name => new DeletableTopicResult { Name = name, ErrorCode = code, ErrorMessage = "delete.topic.enable is false" }),
        ],
    };
}
