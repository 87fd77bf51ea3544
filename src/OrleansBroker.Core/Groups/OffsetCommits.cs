using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Groups;

/// <summary>Commits and deletes offsets. Whether topics exist is not known here: the handlers ask for offsets of existing ones only.</summary>
internal sealed class OffsetCommits(GroupOptions options, GroupTable groups, OffsetTable offsets, MemberSessions sessions)
{
    /// <summary>From this version on an unknown group is told from an old generation.</summary>
    private const short GroupIdNotFoundSince = 9;

    public void Commit(OffsetCommitRequest request, GroupCaller caller, ReplyToken token, long nowMs, CoordinatorResult result)
    {
        result.IsRevocable = true;
        var group = groups.Find(request.GroupId);
        var error = Check(group, request, caller);
        if (error == ErrorCode.None && group is { State: GroupState.Stable or GroupState.PreparingRebalance })
        {
            sessions.Renew(group, request.MemberId, nowMs);
        }

        // A client may mean "for ever" by the largest number there is.
        var expireTimestampMs = request.RetentionTimeMs < 0 ? -1 : nowMs + Math.Min(request.RetentionTimeMs, long.MaxValue - nowMs);
        var topics = new OffsetCommitResponse.OffsetCommitResponseTopic[request.Topics.Length];
        for (var t = 0; t < topics.Length; t++)
        {
            var topic = request.Topics[t];
            var partitions = new OffsetCommitResponse.OffsetCommitResponsePartition[topic.Partitions.Length];
            for (var p = 0; p < partitions.Length; p++)
            {
                var partition = topic.Partitions[p];
                var metadata = partition.CommittedMetadata ?? string.Empty;
                var partitionError = error != ErrorCode.None ? error
                    : metadata.Length > options.OffsetMetadataMax || !GroupRecords.Holds(metadata) ? ErrorCode.OffsetMetadataTooLarge
                    : ErrorCode.None;
                partitions[p] = new OffsetCommitResponse.OffsetCommitResponsePartition
                {
                    PartitionIndex = partition.PartitionIndex,
                    ErrorCode = partitionError,
                };
                if (partitionError == ErrorCode.None)
                {
                    var offset = new CommittedOffset(partition.CommittedOffset, partition.CommittedLeaderEpoch, metadata, nowMs, expireTimestampMs);
                    result.Add(GroupRecords.Offset(request.GroupId, topic.Name, partition.PartitionIndex, offset));
                }
            }

            topics[t] = new OffsetCommitResponse.OffsetCommitResponseTopic { Name = topic.Name, TopicId = topic.TopicId, Partitions = partitions };
        }

        result.Reply(token, new OffsetCommitResponse { Topics = topics });
    }

    public void Delete(OffsetDeleteRequest request, ReplyToken token, CoordinatorResult result)
    {
        result.IsRevocable = true;
        var group = groups.Find(request.GroupId);
        var error = request.GroupId.Length == 0 ? ErrorCode.InvalidGroupId
            : group is null ? ErrorCode.GroupIdNotFound
            : !group.IsEmpty && !group.IsConsumerGroup ? ErrorCode.NonEmptyGroup
            : ErrorCode.None;
        if (error != ErrorCode.None)
        {
            result.Reply(token, new OffsetDeleteResponse { ErrorCode = error });
            return;
        }

        var topics = Array.ConvertAll(request.Topics, topic => new OffsetDeleteResponse.OffsetDeleteResponseTopic
        {
            Name = topic.Name,
            Partitions = Array.ConvertAll(topic.Partitions, partition => new OffsetDeleteResponse.OffsetDeleteResponsePartition
            {
                PartitionIndex = partition.PartitionIndex,
                ErrorCode = Delete(group!, topic.Name, partition.PartitionIndex, result),
            }),
        });
        result.Reply(token, new OffsetDeleteResponse { Topics = topics });
    }

    /// <summary>A topic is gone, and with it all offsets in it; one that is made again under its name starts afresh.</summary>
    public void DeleteTopic(string topic, ReplyToken token, CoordinatorResult result)
    {
        result.IsRevocable = true;
        foreach (var groupId in offsets.GroupIds)
        {
            if (offsets.TryFind(groupId, out var topics) && topics.TryGetValue(topic, out var partitions))
            {
                foreach (var partition in partitions.Keys)
                {
                    result.Add(GroupRecords.OffsetTombstone(groupId, topic, partition));
                }
            }
        }

        result.Reply(token, ErrorCode.None);
    }

    public void DeleteGroups(string[] groupIds, ReplyToken token, CoordinatorResult result)
    {
        result.IsRevocable = true;
        var results = new List<DeleteGroupsResponse.DeletableGroupResult>(groupIds.Length);
        foreach (var groupId in groupIds.Distinct())
        {
            var group = groups.Find(groupId);
            var error = group is null ? ErrorCode.GroupIdNotFound : group.IsEmpty ? ErrorCode.None : ErrorCode.NonEmptyGroup;
            results.Add(new DeleteGroupsResponse.DeletableGroupResult { GroupId = groupId, ErrorCode = error });
            if (error == ErrorCode.None)
            {
                DeleteGroup(groupId, result);
            }
        }

        result.Reply(token, new DeleteGroupsResponse { Results = [.. results] });
    }

    private void DeleteGroup(string groupId, CoordinatorResult result)
    {
        if (offsets.TryFind(groupId, out var topics))
        {
            foreach (var (topic, partitions) in topics)
            {
                foreach (var partition in partitions.Keys)
                {
                    result.Add(GroupRecords.OffsetTombstone(groupId, topic, partition));
                }
            }
        }

        result.Add(GroupRecords.MetadataTombstone(groupId));
    }

    private static ErrorCode Check(ClassicGroup? group, OffsetCommitRequest request, GroupCaller caller)
    {
        if (!GroupRecords.Holds(request.GroupId))
        {
            return ErrorCode.InvalidGroupId;
        }

        var generation = request.GenerationIdOrMemberEpoch;
        if (group is null)
        {
            // Without a generation it is a stand-alone consumer, or an administrator: the group is made by the commit.
            return generation < 0 ? ErrorCode.None
                : caller.ApiVersion >= GroupIdNotFoundSince ? ErrorCode.GroupIdNotFound
                : ErrorCode.IllegalGeneration;
        }

        if (generation < 0 && group.IsEmpty)
        {
            return ErrorCode.None;
        }

        // A stand-alone consumer may not commit for a group that has members: it fails here, as it names none.
        var error = group.Check(request.MemberId, request.GroupInstanceId);
        if (error != ErrorCode.None)
        {
            return error;
        }

        // With the right generation while the assignment is being made, the member will hear of the rebalance soon.
        return generation != group.Generation ? ErrorCode.IllegalGeneration
            : group.State == GroupState.CompletingRebalance ? ErrorCode.RebalanceInProgress
            : ErrorCode.None;
    }

    private ErrorCode Delete(ClassicGroup group, string topic, int partition, CoordinatorResult result)
    {
        if (group.IsSubscribedTo(topic))
        {
            return ErrorCode.GroupSubscribedToTopic;
        }

        if (offsets.TryFind(group.GroupId, topic, partition, out _))
        {
            result.Add(GroupRecords.OffsetTombstone(group.GroupId, topic, partition));
        }

        return ErrorCode.None;
    }
}
