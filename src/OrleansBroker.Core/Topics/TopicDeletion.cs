using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.ErrorCode;
using static OrleansBroker.Protocol.Messages.DeleteTopicsRequest;

namespace OrleansBroker.Core.Topics;

/// <summary>Decides one DeleteTopics request: by name until version 5, by name or id since version 6 (KIP-516).</summary>
internal sealed class TopicDeletion(Catalog catalog)
{
    private readonly List<CatalogRecord> _records = [];
    private readonly HashSet<Guid> _deleted = [];

    public CatalogResult<DeleteTopicsResponse> Run(DeleteTopicsRequest request)
    {
        var wanted = request.Topics.Concat(request.TopicNames.Select(name => new DeleteTopicState { Name = name })).ToArray();
        var duplicates = Duplicates.Of(wanted.Select(topic => (topic.Name, topic.TopicId)));
        return new(_records, new()
        {
            Responses =
            [
                .. from topic in wanted.DistinctBy(topic => (topic.Name, topic.TopicId))
                   let found = topic.Name is not null ? catalog.Find(topic.Name) : catalog.Find(topic.TopicId)
                   let refusal = duplicates.Contains((topic.Name, topic.TopicId))
                       ? new Refusal(InvalidRequest, "The topic stands in the request more than once")
                       : Delete(topic, found)
                   select new DeleteTopicsResponse.DeletableTopicResult
                   {
                       Name = topic.Name ?? found?.Name,
                       TopicId = found?.Id ?? topic.TopicId,
                       ErrorCode = refusal?.Code ?? None,
                       ErrorMessage = refusal?.Message,
                   },
            ],
        });
    }

    private Refusal? Delete(DeleteTopicState wanted, CatalogTopic? found)
    {
        switch (wanted)
        {
            case { Name: null } when wanted.TopicId == Guid.Empty:
                return new(InvalidRequest, "Neither a name nor an id is given");
            case { Name: not null } when wanted.TopicId != Guid.Empty:
                return new(InvalidRequest, "Both a name and an id are given");
            case { Name: null } when found is null:
                return new(UnknownTopicId, $"There is no topic with id {wanted.TopicId}");
            default:
                break;
        }

        if (found is null)
        {
            return new(UnknownTopicOrPartition, $"There is no topic '{wanted.Name}'");
        }

        // Groups and transactions live in them.
        if (found.IsInternal)
        {
            return new(InvalidTopicException, $"Topic '{found.Name}' is internal and cannot be deleted");
        }

        if (!_deleted.Add(found.Id))
        {
            return new(InvalidRequest, "The topic stands in the request by name and by id");
        }

        _records.Add(new TopicDeleted(found));
        return null;
    }
}
