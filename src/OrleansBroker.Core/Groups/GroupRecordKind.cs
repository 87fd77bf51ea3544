namespace OrleansBroker.Core.Groups;

/// <summary>What a record of <c>__consumer_offsets</c> is about, which the version at the head of its key says.</summary>
internal enum GroupRecordKind
{
    Unknown,
    Offset,
    Group,
}
