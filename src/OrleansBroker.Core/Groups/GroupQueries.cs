using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Groups;

/// <summary>Answers questions about groups and their offsets.</summary>
internal sealed class GroupQueries(GroupTable groups, OffsetTable offsets)
{
    private const string ClassicType = "classic";

    /// <summary>From this version on an unknown group is an error (KIP-1043).</summary>
    private const short GroupIdNotFoundSince = 6;

    public DescribeGroupsResponse.DescribedGroup Describe(string groupId, GroupCaller caller)
    {
        if (!groups.TryFind(groupId, out var group))
        {
            var isError = caller.ApiVersion >= GroupIdNotFoundSince;
            return new DescribeGroupsResponse.DescribedGroup
            {
                GroupId = groupId,
                GroupState = nameof(GroupState.Dead),
                ErrorCode = isError ? ErrorCode.GroupIdNotFound : ErrorCode.None,
                ErrorMessage = isError ? $"Group {groupId} not found." : null,
            };
        }

        var isStable = group.State == GroupState.Stable;
        return new DescribeGroupsResponse.DescribedGroup
        {
            GroupId = groupId,
            GroupState = group.State.ToString(),
            ProtocolType = group.ProtocolType ?? string.Empty,
            ProtocolData = isStable ? group.ProtocolName! : string.Empty,
            Members = [.. group.Members.Select(member => new DescribeGroupsResponse.DescribedGroupMember
            {
                MemberId = member.MemberId,
                GroupInstanceId = member.InstanceId,
                ClientId = member.ClientId,
                ClientHost = member.ClientHost,
                MemberMetadata = isStable ? member.Metadata(group.ProtocolName!) : [],
                MemberAssignment = member.Assignment,
            })],
        };
    }

    /// <summary>Groups in one of the states and of one of the types, however they are spelt; an empty filter lets everything pass.</summary>
    public IEnumerable<ListGroupsResponse.ListedGroup> List(string[] states, string[] types)
    {
        if (types.Length > 0 && !Names(types, ClassicType))
        {
            return [];
        }

        return groups.All
            .Where(group => states.Length == 0 || Names(states, group.State.ToString()))
            .Select(group => new ListGroupsResponse.ListedGroup
            {
                GroupId = group.GroupId,
                ProtocolType = group.ProtocolType ?? string.Empty,
                GroupState = group.State.ToString(),
                GroupType = ClassicType,
            });
    }

    /// <summary>The offsets that were asked for, -1 where there is none. All of the group's where the request names no topics.</summary>
    public OffsetFetchResponse.OffsetFetchResponseGroup FetchOffsets(OffsetFetchRequest.OffsetFetchRequestGroup request) => new()
    {
        GroupId = request.GroupId,
        Topics = request.Topics is null
            ? AllOffsets(request.GroupId)
            : Array.ConvertAll(request.Topics, topic => new OffsetFetchResponse.OffsetFetchResponseTopics
            {
                Name = topic.Name,
                TopicId = topic.TopicId,
                Partitions = Array.ConvertAll(topic.PartitionIndexes, partition => offsets.TryFind(request.GroupId, topic.Name, partition, out var offset)
                    ? Answer(partition, offset)
                    : new OffsetFetchResponse.OffsetFetchResponsePartitions { PartitionIndex = partition, CommittedOffset = -1, Metadata = string.Empty }),
            }),
    };

    private OffsetFetchResponse.OffsetFetchResponseTopics[] AllOffsets(string groupId) =>
        !offsets.TryFind(groupId, out var topics)
            ? []
            : [.. topics.Select(topic => new OffsetFetchResponse.OffsetFetchResponseTopics
            {
                Name = topic.Key,
                Partitions = [.. topic.Value.Select(partition => Answer(partition.Key, partition.Value))],
            })];

    private static OffsetFetchResponse.OffsetFetchResponsePartitions Answer(int partition, in CommittedOffset offset) => new()
    {
        PartitionIndex = partition,
        CommittedOffset = offset.Offset,
        CommittedLeaderEpoch = offset.LeaderEpoch,
        Metadata = offset.Metadata,
    };

    private static bool Names(string[] filter, string name) =>
        Array.Exists(filter, each => each.AsSpan().Trim().Equals(name, StringComparison.OrdinalIgnoreCase));
}
