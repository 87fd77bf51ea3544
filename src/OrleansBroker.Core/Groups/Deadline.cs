namespace OrleansBroker.Core.Groups;

/// <summary>Something that happens to a group at a time, unless it is put off or cancelled. One object for its whole life.</summary>
internal sealed class Deadline(DeadlineKind kind, ClassicGroup? group, string memberId)
{
    /// <summary>The time of a deadline that is not set.</summary>
    public const long Never = long.MaxValue;

    public DeadlineKind Kind { get; } = kind;

    /// <summary>Null for what concerns the whole shard.</summary>
    public ClassicGroup? Group { get; } = group;

    /// <summary>Whose session it is; empty where it is the group's.</summary>
    public string MemberId { get; set; } = memberId;

    public long AtMs { get; set; } = Never;

    /// <summary>The time under which the queue holds it; earlier than <see cref="AtMs"/> once it was put off.</summary>
    public long QueuedAtMs { get; set; } = Never;

    public void Cancel() => AtMs = Never;
}
