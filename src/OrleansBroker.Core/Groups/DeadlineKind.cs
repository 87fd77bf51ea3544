namespace OrleansBroker.Core.Groups;

internal enum DeadlineKind
{
    /// <summary>A member, or one that was only given its id, was not heard of for its session timeout.</summary>
    Session,

    /// <summary>Members had their time to join.</summary>
    Join,

    /// <summary>Members had their time to ask for their assignment.</summary>
    Sync,

    /// <summary>Expired offsets are due to be looked for.</summary>
    Expiry,
}
