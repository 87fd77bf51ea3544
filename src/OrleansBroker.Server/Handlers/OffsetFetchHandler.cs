using OrleansBroker.Core;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using Group = OrleansBroker.Protocol.Messages.OffsetFetchResponse.OffsetFetchResponseGroup;
using GroupTopics = OrleansBroker.Protocol.Messages.OffsetFetchResponse.OffsetFetchResponseTopics;
using RequestGroup = OrleansBroker.Protocol.Messages.OffsetFetchRequest.OffsetFetchRequestGroup;
using RequestTopics = OrleansBroker.Protocol.Messages.OffsetFetchRequest.OffsetFetchRequestTopics;

namespace OrleansBroker.Server.Handlers;

/// <summary>
/// Versions 1 to 10. Before version 8 a request is for one group and its topics stand by themselves: it is taken for a request
/// for several groups, of which there is one.
/// </summary>
internal sealed class OffsetFetchHandler(BrokerServices broker) : IHandler<OffsetFetchRequest, OffsetFetchResponse>
{
    private const short GroupErrorSince = 2;
    private const short ManyGroupsSince = 8;
    private const short TopicIdsSince = 10;

    public async ValueTask<OffsetFetchResponse> HandleAsync(OffsetFetchRequest request, RequestContext context)
    {
        if (context.ApiVersion < ManyGroupsSince)
        {
            return OfOneGroup(request, await FetchAsync(ToGroup(request), context), context.ApiVersion);
        }

        var groups = new Group[request.Groups.Length];
        for (var i = 0; i < groups.Length; i++)
        {
            groups[i] = context.ApiVersion < TopicIdsSince
                ? await FetchAsync(request.Groups[i], context)
                : await FetchByIdAsync(request.Groups[i], context);
        }

        return new OffsetFetchResponse { Groups = groups };
    }

    private ValueTask<Group> FetchAsync(RequestGroup request, RequestContext context) => broker.Groups.FetchOffsetsAsync(request, context.ToGroupCaller());

    private async ValueTask<Group> FetchByIdAsync(RequestGroup request, RequestContext context)
    {
        var metadata = broker.Metadata.Current;
        var unknown = new List<GroupTopics>();
        if (request.Topics is { } asked)
        {
            request.Topics = Array.FindAll(asked, topic => TryName(metadata, topic, unknown));
        }

        var group = await FetchAsync(request, context);
        if (request.Topics is null)
        {
            group.Topics = Array.FindAll(group.Topics, topic => TryIdentify(metadata, topic));
        }

        group.Topics = group.ErrorCode == ErrorCode.None ? [.. group.Topics, .. unknown] : group.Topics;
        return group;
    }

    private static bool TryName(MetadataImage metadata, RequestTopics topic, List<GroupTopics> unknown)
    {
        if (metadata.Find(topic.TopicId) is { } found)
        {
            topic.Name = found.Name;
            return true;
        }

        unknown.Add(new GroupTopics
        {
            TopicId = topic.TopicId,
            Partitions = Array.ConvertAll(topic.PartitionIndexes, partition => new OffsetFetchResponse.OffsetFetchResponsePartitions
            {
                PartitionIndex = partition,
                CommittedOffset = -1,
                Metadata = string.Empty,
                ErrorCode = ErrorCode.UnknownTopicId,
            }),
        });
        return false;
    }

    private static bool TryIdentify(MetadataImage metadata, GroupTopics topic)
    {
        topic.TopicId = metadata.Find(topic.Name)?.Id ?? Guid.Empty;
        return topic.TopicId != Guid.Empty;
    }

    private static RequestGroup ToGroup(OffsetFetchRequest request) => new()
    {
        GroupId = request.GroupId,
        Topics = request.Topics is null ? null : Array.ConvertAll(request.Topics, topic => new RequestTopics { Name = topic.Name, PartitionIndexes = topic.PartitionIndexes }),
    };

    private static OffsetFetchResponse OfOneGroup(OffsetFetchRequest request, Group group, short version)
    {
        if (group.ErrorCode != ErrorCode.None)
        {
            return version >= GroupErrorSince ? new OffsetFetchResponse { ErrorCode = group.ErrorCode } : new OffsetFetchResponse
            {
                Topics = Array.ConvertAll(request.Topics ?? [], topic => new OffsetFetchResponse.OffsetFetchResponseTopic
                {
                    Name = topic.Name,
                    Partitions = Array.ConvertAll(topic.PartitionIndexes, partition => new OffsetFetchResponse.OffsetFetchResponsePartition
                    {
                        PartitionIndex = partition,
                        CommittedOffset = -1,
                        Metadata = string.Empty,
                        ErrorCode = group.ErrorCode,
                    }),
                }),
            };
        }

        return new OffsetFetchResponse
        {
            Topics = Array.ConvertAll(group.Topics, topic => new OffsetFetchResponse.OffsetFetchResponseTopic
            {
                Name = topic.Name,
                Partitions = Array.ConvertAll(topic.Partitions, partition => new OffsetFetchResponse.OffsetFetchResponsePartition
                {
                    PartitionIndex = partition.PartitionIndex,
                    CommittedOffset = partition.CommittedOffset,
                    CommittedLeaderEpoch = partition.CommittedLeaderEpoch,
                    Metadata = partition.Metadata,
                    ErrorCode = partition.ErrorCode,
                }),
            }),
        };
    }
}
