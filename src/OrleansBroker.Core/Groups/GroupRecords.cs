using System.Text;
using OrleansBroker.Protocol.Records.Coordinator;

namespace OrleansBroker.Core.Groups;

/// <summary>Between what a machine knows and the records of <c>__consumer_offsets</c>, in Kafka's own form.</summary>
internal static class GroupRecords
{
    /// <summary>The longest string that the records can hold, in UTF-8. Requests of flexible versions can hold longer ones.</summary>
    private const int StringBytesMax = short.MaxValue;

    private const short OffsetKeyVersionMax = 1;
    private const short GroupKeyVersion = 2;

    /// <summary>A string of so many times fewer characters fits in any case, and need not be measured.</summary>
    private const int Utf8BytesPerCharMax = 3;

    public static bool Holds(string? text) =>
        text is null || text.Length <= StringBytesMax / Utf8BytesPerCharMax || Encoding.UTF8.GetByteCount(text) <= StringBytesMax;

    public static int SizeBytes(CoordinatorRecord record) => record.Key.Length + (record.Value?.Length ?? 0);

    /// <param name="assignments">By member id, empty where a member is missing; null for a group without members.</param>
    public static CoordinatorRecord Metadata(ClassicGroup group, Dictionary<string, byte[]>? assignments)
    {
        var value = new GroupMetadataValue
        {
            ProtocolType = group.ProtocolType ?? string.Empty,
            Generation = group.Generation,
            Protocol = group.ProtocolName,
            Leader = group.Leader,
            CurrentStateTimestamp = group.StateTimestampMs,
            Members = assignments is null ? [] : [.. group.Members.Select(member => new MemberMetadata
            {
                MemberId = member.MemberId,
                GroupInstanceId = member.InstanceId,
                ClientId = member.ClientId,
                ClientHost = member.ClientHost,
                RebalanceTimeout = member.RebalanceTimeoutMs,
                SessionTimeout = member.SessionTimeoutMs,
                Subscription = member.Metadata(group.ProtocolName!),
                Assignment = assignments.GetValueOrDefault(member.MemberId, []),
            })],
        };
        return new CoordinatorRecord(GroupKey(group.GroupId), CoordinatorFormat.Encode(value));
    }

    public static CoordinatorRecord MetadataTombstone(string groupId) => new(GroupKey(groupId), null);

    public static CoordinatorRecord Offset(string groupId, string topic, int partition, in CommittedOffset offset)
    {
        var value = new OffsetCommitValue
        {
            Offset = offset.Offset,
            LeaderEpoch = offset.LeaderEpoch,
            Metadata = offset.Metadata,
            CommitTimestamp = offset.CommitTimestampMs,
            ExpireTimestamp = offset.ExpireTimestampMs,
        };
        return new CoordinatorRecord(OffsetKey(groupId, topic, partition), CoordinatorFormat.Encode(value));
    }

    public static CoordinatorRecord OffsetTombstone(string groupId, string topic, int partition) => new(OffsetKey(groupId, topic, partition), null);

    public static GroupRecordKind KindOf(ReadOnlySpan<byte> key) => CoordinatorFormat.ReadVersion(key) switch
    {
        >= 0 and <= OffsetKeyVersionMax => GroupRecordKind.Offset,
        GroupKeyVersion => GroupRecordKind.Group,
        _ => GroupRecordKind.Unknown,
    };

    public static (string GroupId, string Topic, int Partition) ReadOffsetKey(ReadOnlyMemory<byte> key)
    {
        var read = CoordinatorFormat.Decode<OffsetCommitKey>(key);
        return (read.Group, read.Topic, read.Partition);
    }

    public static CommittedOffset ReadOffset(ReadOnlyMemory<byte> value)
    {
        var read = CoordinatorFormat.Decode<OffsetCommitValue>(value);
        return new CommittedOffset(read.Offset, read.LeaderEpoch, read.Metadata, read.CommitTimestamp, read.ExpireTimestamp);
    }

    public static string ReadMetadataKey(ReadOnlyMemory<byte> key) => CoordinatorFormat.Decode<GroupMetadataKey>(key).Group;

    public static CommittedGroup ReadMetadata(ReadOnlyMemory<byte> value)
    {
        var read = CoordinatorFormat.Decode<GroupMetadataValue>(value);
        return new CommittedGroup
        {
            ProtocolType = read.ProtocolType.Length == 0 ? null : read.ProtocolType,
            Generation = read.Generation,
            ProtocolName = read.Protocol,
            Leader = read.Leader,
            StateTimestampMs = read.CurrentStateTimestamp,
            Members = Array.ConvertAll(read.Members, member => new CommittedMember(member.MemberId, member.GroupInstanceId)
            {
                ClientId = member.ClientId,
                ClientHost = member.ClientHost,
                RebalanceTimeoutMs = member.RebalanceTimeout < 0 ? member.SessionTimeout : member.RebalanceTimeout,
                SessionTimeoutMs = member.SessionTimeout,
                Metadata = member.Subscription.ToArray(),
                Assignment = member.Assignment.ToArray(),
            }),
        };
    }

    private static byte[] GroupKey(string groupId) => CoordinatorFormat.Encode(new GroupMetadataKey { Group = groupId });

    private static byte[] OffsetKey(string groupId, string topic, int partition) =>
        CoordinatorFormat.Encode(new OffsetCommitKey { Group = groupId, Topic = topic, Partition = partition });
}
