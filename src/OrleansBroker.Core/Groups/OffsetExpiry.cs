namespace OrleansBroker.Core.Groups;

/// <summary>
/// Removes offsets that nobody has used for <see cref="GroupOptions.OffsetsRetentionMs"/>, and groups without members and
/// offsets (KIP-211). From when on the time counts:
/// <code>
/// group without members           --> the moment it became empty
/// consumer group with members     --> the commit, for topics that it no longer subscribes to; others never expire
/// other group with members        --> never
/// stand-alone consumers           --> the commit
/// </code>
/// A retention time that an old client chose itself counts from the commit, in place of ours.
/// </summary>
internal sealed class OffsetExpiry(GroupOptions options, GroupTable groups, OffsetTable offsets)
{
    public void Expire(long nowMs, CoordinatorResult result)
    {
        foreach (var group in groups.All)
        {
            if (Expire(group, nowMs, result) && group.IsEmpty && !group.HasPendingMembers)
            {
                result.Add(GroupRecords.MetadataTombstone(group.GroupId));
            }
        }
    }

    /// <summary>Returns whether no offset is left.</summary>
    private bool Expire(ClassicGroup group, long nowMs, CoordinatorResult result)
    {
        if (!offsets.TryFind(group.GroupId, out var topics))
        {
            return true;
        }

        var isUsed = group.ProtocolType is not null && !group.IsEmpty;
        if (isUsed && !(group.State == GroupState.Stable && group.SubscribedTopics is not null))
        {
            return false;
        }

        var areAllExpired = true;
        foreach (var (topic, partitions) in topics)
        {
            foreach (var (partition, offset) in partitions)
            {
                if (!group.IsSubscribedTo(topic) && IsExpired(group, offset, nowMs))
                {
                    result.Add(GroupRecords.OffsetTombstone(group.GroupId, topic, partition));
                }
                else
                {
                    areAllExpired = false;
                }
            }
        }

        return areAllExpired;
    }

    private bool IsExpired(ClassicGroup group, in CommittedOffset offset, long nowMs)
    {
        if (offset.ExpireTimestampMs >= 0)
        {
            return nowMs >= offset.ExpireTimestampMs;
        }

        var isSinceEmpty = group.ProtocolType is not null && group.IsEmpty && group.StateTimestampMs >= 0;
        return nowMs - (isSinceEmpty ? group.StateTimestampMs : offset.CommitTimestampMs) >= options.OffsetsRetentionMs;
    }
}
