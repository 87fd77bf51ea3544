using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Embedded.Topics;

/// <summary>Responses that refuse all of a request for one reason.</summary>
internal static class CatalogRefusals
{
    public static CreateTopicsResponse CreateTopics(CreateTopicsRequest request, Refusal refusal) => new()
    {
        Topics = Array.ConvertAll(request.Topics, topic => new CreateTopicsResponse.CreatableTopicResult { Name = topic.Name, ErrorCode = refusal.Code, ErrorMessage = refusal.Message }),
    };

    public static DeleteTopicsResponse DeleteTopics(DeleteTopicsRequest request, Refusal refusal) => new()
    {
        Responses =
        [
            .. request.Topics.Select(topic => new DeleteTopicsResponse.DeletableTopicResult { Name = topic.Name, TopicId = topic.TopicId, ErrorCode = refusal.Code, ErrorMessage = refusal.Message }),
            .. request.TopicNames.Select(name => new DeleteTopicsResponse.DeletableTopicResult { Name = name, ErrorCode = refusal.Code, ErrorMessage = refusal.Message }),
        ],
    };

    public static CreatePartitionsResponse CreatePartitions(CreatePartitionsRequest request, Refusal refusal) => new()
    {
        Results = Array.ConvertAll(request.Topics, topic => new CreatePartitionsResponse.CreatePartitionsTopicResult { Name = topic.Name, ErrorCode = refusal.Code, ErrorMessage = refusal.Message }),
    };

    public static AlterConfigsResponse AlterConfigs(AlterConfigsRequest request, Refusal refusal) => new()
    {
        Responses = Array.ConvertAll(request.Resources, resource => new AlterConfigsResponse.AlterConfigsResourceResponse
        {
            ResourceType = resource.ResourceType, ResourceName = resource.ResourceName, ErrorCode = refusal.Code, ErrorMessage = refusal.Message,
        }),
    };

    public static IncrementalAlterConfigsResponse IncrementalAlterConfigs(IncrementalAlterConfigsRequest request, Refusal refusal) => new()
    {
        Responses = Array.ConvertAll(request.Resources, resource => new IncrementalAlterConfigsResponse.AlterConfigsResourceResponse
        {
            ResourceType = resource.ResourceType, ResourceName = resource.ResourceName, ErrorCode = refusal.Code, ErrorMessage = refusal.Message,
        }),
    };

    public static ErrorCode[] FirstUse(IReadOnlyList<string> names, Refusal refusal) => [.. names.Select(_ => refusal.Code)];
}
