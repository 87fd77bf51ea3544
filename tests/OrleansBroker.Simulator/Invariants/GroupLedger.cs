using OrleansBroker.Protocol;
using OrleansBroker.Simulator.Engine;

namespace OrleansBroker.Simulator.Invariants;

/// <summary>
/// What members of groups were told: one owner of each partition in a generation, and no committed offset is lost, or replaced by one
/// that came before it or from an older generation.
/// </summary>
internal sealed class GroupLedger(World world)
{
    private readonly Dictionary<(string Group, int Generation, TopicPartition Partition), string> _owners = [];
    private readonly Dictionary<(string Group, TopicPartition Partition), List<Commit>> _commits = [];
    private readonly Dictionary<string, int> _generations = [];

    public int Commits { get; private set; }

    public int Generations { get; private set; }

    /// <summary>The latest generation that a member of the group has been assigned partitions in.</summary>
    public int GenerationOf(string group) => _generations.GetValueOrDefault(group);

    /// <summary>A member has its assignment.</summary>
    public void Assigned(string group, int generation, string member, IEnumerable<TopicPartition> partitions)
    {
        if (generation > _generations.GetValueOrDefault(group))
        {
            _generations[group] = generation;
            Generations++;
        }

        foreach (var partition in partitions)
        {
            if (!_owners.TryAdd((group, generation, partition), member) && _owners[(group, generation, partition)] != member)
            {
                throw new SimulationFailure(
                    "two owners", $"{partition} belongs to {member} and to {_owners[(group, generation, partition)]} in generation {generation} of {group}");
            }
        }
    }

    /// <summary>A member sends a commit.</summary>
    public Commit Begin(string group, int generation, string member, TopicPartition partition, long offset, string mark)
    {
        var commit = new Commit(mark, generation, member, offset, world.NowTicks) { GenerationAtStart = GenerationOf(group) };
        CommitsOf(group, partition).Add(commit);
        return commit;
    }

    /// <summary>The commit was answered without an error.</summary>
    public void Acknowledge(string group, TopicPartition partition, Commit commit)
    {
        commit.Acknowledged = world.NowTicks;
        Commits++;
        if (commit.Generation < commit.GenerationAtStart)
        {
            throw new SimulationFailure(
                "old generation", $"{commit} of {partition} in {group} was accepted, when generation {commit.GenerationAtStart} had its assignment before it was sent");
        }
    }

    /// <summary>A fetch of committed offsets, which was sent at <paramref name="asked"/>, was answered with this commit (null: with none).</summary>
    public void Fetched(string group, TopicPartition partition, long asked, string? mark, long offset)
    {
        var commits = CommitsOf(group, partition);
        var found = commits.Find(commit => commit.Mark == mark);
        if (mark is not null && (found is null || found.Offset != offset))
        {
            throw new SimulationFailure("invented commit", $"{partition} in {group} has offset {offset} by '{mark}', which nobody committed");
        }

        foreach (var commit in commits)
        {
            if (commit != found && commit.Acknowledged >= 0 && commit.Acknowledged < asked && IsLost(commit, found))
            {
                throw new SimulationFailure(
                    "committed offset lost", $"{partition} in {group}: {commit} was acknowledged, and a later fetch has {found?.ToString() ?? "nothing"}");
            }
        }
    }

    /// <summary>Whether an acknowledged commit should have outlived another that is found in its place.</summary>
    private static bool IsLost(Commit acknowledged, Commit? found) =>
        found is null
        || found.Generation < acknowledged.Generation
        || (found.Acknowledged >= 0 && found.Acknowledged < acknowledged.Sent);

    private List<Commit> CommitsOf(string group, TopicPartition partition)
    {
        if (!_commits.TryGetValue((group, partition), out var commits))
        {
            _commits[(group, partition)] = commits = [];
        }

        return commits;
    }
}

/// <summary>An offset that a member committed, or tried to.</summary>
internal sealed class Commit(string mark, int generation, string member, long offset, long sent)
{
    /// <summary>Its metadata, which no two have alike.</summary>
    public string Mark => mark;

    public int Generation => generation;

    public long Offset => offset;

    public long Sent => sent;

    /// <summary>The latest generation that was known when the commit was sent.</summary>
    public int GenerationAtStart { get; init; }

    /// <summary>When it was answered, in ticks; -1 while it is not, or without success.</summary>
    public long Acknowledged { get; set; } = -1;

    public override string ToString() => $"offset {offset} of generation {generation} by {member} ({mark})";
}
