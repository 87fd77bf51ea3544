using OrleansBroker.Core;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.Messages.MetadataRequest;
using static OrleansBroker.Protocol.Messages.MetadataResponse;

namespace OrleansBroker.Server.Handlers;

/// <summary>
/// Versions 0 to 13. All topics are asked for by an empty list in version 0, by null since version 1; a topic by its id since
/// version 12. A topic that is created by this very request is in the answer, with its leader.
/// </summary>
internal sealed class MetadataHandler(BrokerServices broker) : IHandler<MetadataRequest, MetadataResponse>
{
    private const short TopicIdsSince = 12;

    public async ValueTask<MetadataResponse> HandleAsync(MetadataRequest request, RequestContext context)
    {
        var isAllTopics = context.ApiVersion == 0 ? request.Topics is null or [] : request.Topics is null;
        var refused = isAllTopics ? [] : await CreateMissingAsync(request, context);
        var image = broker.Metadata.Current;
        var topics = isAllTopics
            ? image.Topics.Select(topic => Describe(topic, image))
            : request.Topics!.DistinctBy(topic => (topic.Name, topic.TopicId)).Select(wanted => Find(wanted, image, refused, context.ApiVersion));
        var response = new MetadataResponse
        {
            Brokers = [.. image.Brokers.Select(live => new MetadataResponseBroker { NodeId = live.Id.Value, Host = live.Host, Port = live.Port, Rack = live.Rack })],
            ClusterId = image.ClusterId,
            ControllerId = image.ControllerId.Value,
            Topics = [.. topics],
            ClusterAuthorizedOperations = request.IncludeClusterAuthorizedOperations ? AuthorizedOperations.Cluster : AuthorizedOperations.NotAsked,
        };
        if (request.IncludeTopicAuthorizedOperations)
        {
            Array.ForEach(response.Topics, topic => topic.TopicAuthorizedOperations = AuthorizedOperations.Topic);
        }

        return response;
    }

    /// <summary>Creates what is asked for and may be created. Returns the names that could not be, with the reason.</summary>
    private async ValueTask<Dictionary<string, ErrorCode>> CreateMissingAsync(MetadataRequest request, RequestContext context)
    {
        var refused = new Dictionary<string, ErrorCode>(StringComparer.Ordinal);
        if (!request.AllowAutoTopicCreation || !broker.Config.Current.AutoCreateTopicsEnable)
        {
            return refused;
        }

        var image = broker.Metadata.Current;
        var missing = request.Topics!
            .Where(topic => topic.TopicId == Guid.Empty && topic.Name is { } name && image.Find(name) is null && TopicNames.IsValid(name))
            .Select(topic => topic.Name!)
            .Distinct(StringComparer.Ordinal)
            .ToArray();
        if (missing.Length == 0)
        {
            return refused;
        }

        var codes = await broker.Topics.CreateOnFirstUseAsync(missing, context.Closed);
        for (var i = 0; i < missing.Length; i++)
        {
            if (codes[i] != ErrorCode.None)
            {
                refused[missing[i]] = ForClient(codes[i]);
            }
        }

        return refused;
    }

    // What will pass is told as what clients wait out; what will not is told as it is.
    private static ErrorCode ForClient(ErrorCode code) => code switch
    {
        ErrorCode.InvalidTopicException or ErrorCode.InvalidReplicationFactor or ErrorCode.PolicyViolation or ErrorCode.InvalidConfig => code,
        _ => ErrorCode.LeaderNotAvailable,
    };

    private static MetadataResponseTopic Find(MetadataRequestTopic wanted, MetadataImage image, Dictionary<string, ErrorCode> refused, short version)
    {
        if (version < TopicIdsSince && (wanted.Name is null || wanted.TopicId != Guid.Empty))
        {
            return new() { Name = wanted.Name ?? string.Empty, TopicId = wanted.TopicId, ErrorCode = ErrorCode.InvalidRequest };
        }

        if (wanted.TopicId != Guid.Empty || wanted.Name is null)
        {
            return image.Find(wanted.TopicId) is { } byId
                ? Describe(byId, image)
                : new() { Name = null, TopicId = wanted.TopicId, ErrorCode = ErrorCode.UnknownTopicId };
        }

        return image.Find(wanted.Name) is { } byName ? Describe(byName, image) : new()
        {
            Name = wanted.Name,
            IsInternal = InternalTopics.IsInternal(wanted.Name),
            ErrorCode = !TopicNames.IsValid(wanted.Name) ? ErrorCode.InvalidTopicException
                : refused.GetValueOrDefault(wanted.Name, ErrorCode.UnknownTopicOrPartition),
        };
    }

    private static MetadataResponseTopic Describe(TopicImage topic, MetadataImage image)
    {
        var partitions = new MetadataResponsePartition[topic.Partitions.Length];
        for (var index = 0; index < partitions.Length; index++)
        {
            var view = new PartitionView(topic.Partitions[index], image);
            partitions[index] = new()
            {
                ErrorCode = view.Error,
                PartitionIndex = index,
                LeaderId = view.LeaderId,
                LeaderEpoch = view.LeaderEpoch,
                ReplicaNodes = view.Replicas,
                IsrNodes = view.Isr,
                OfflineReplicas = view.Offline,
            };
        }

        return new() { Name = topic.Name, TopicId = topic.Id, IsInternal = topic.IsInternal, Partitions = partitions };
    }
}
