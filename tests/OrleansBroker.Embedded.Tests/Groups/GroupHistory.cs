namespace OrleansBroker.Embedded.Tests.Groups;

/// <summary>
/// What the members of one group were told, and what must never be: a committed offset that is lost, two assignments in one
/// generation, a commit of a generation that another one has followed.
/// </summary>
internal sealed class GroupHistory
{
    private readonly Dictionary<int, string> _assignments = [];
    private long _submitted;

    /// <summary>The newest generation that a member was given its assignment in.</summary>
    public int Generation { get; private set; }

    /// <summary>The greatest offset whose commit was acknowledged, or that was told; -1 before the first.</summary>
    public long Acknowledged { get; private set; } = -1;

    /// <summary>Acknowledged commits and told assignments: a history without them shows nothing.</summary>
    public int Events { get; private set; }

    public long NextOffset() => ++_submitted;

    public void Committed(long offset, int generation, int newestAtSubmission)
    {
        Assert.True(generation >= newestAtSubmission, $"a commit of generation {generation} was accepted after one of generation {newestAtSubmission} had its assignment");
        Acknowledged = Math.Max(Acknowledged, offset);
        Events++;
    }

    /// <param name="acknowledgedBefore">What was acknowledged when the leader of that time was asked.</param>
    public void Fetched(long offset, long acknowledgedBefore)
    {
        Assert.True(offset >= acknowledgedBefore && offset <= _submitted, $"offset {offset} was told where {acknowledgedBefore} was acknowledged and {_submitted} submitted");
        Acknowledged = Math.Max(Acknowledged, offset);
    }

    /// <param name="attempt">
    /// Of the leader that made the assignment; empty for a member that it did not know of: two machines may be about to make the
    /// same generation of different members, and the leader answer the one with the members of the other.
    /// </param>
    public void Assigned(int generation, string attempt)
    {
        Assert.True(attempt.Length == 0 || _assignments.TryAdd(generation, attempt) || _assignments[generation] == attempt, $"generation {generation} has the assignments {_assignments.GetValueOrDefault(generation)} and {attempt}");
        Generation = Math.Max(Generation, generation);
        Events++;
    }
}
