namespace OrleansBroker.Core.Groups;

/// <summary>
/// What a machine decided: records to commit, and replies to send once they, and all records before them, are committed.
/// </summary>
public sealed class CoordinatorResult
{
    private List<CoordinatorRecord>? _records;
    private List<CoordinatorReply>? _replies;

    public IReadOnlyList<CoordinatorRecord> Records => _records ?? (IReadOnlyList<CoordinatorRecord>)[];

    public IReadOnlyList<CoordinatorReply> Replies => _replies ?? (IReadOnlyList<CoordinatorReply>)[];

    /// <summary>
    /// The machine is as it was before the input, but for these records and replies. If the records cannot be appended it is
    /// enough to answer with an error; otherwise the machine must be discarded.
    /// </summary>
    public bool IsRevocable { get; internal set; }

    internal void Add(CoordinatorRecord record) => (_records ??= []).Add(record);

    internal void Reply(ReplyToken token, object response) => (_replies ??= []).Add(new CoordinatorReply(token, response));
}
