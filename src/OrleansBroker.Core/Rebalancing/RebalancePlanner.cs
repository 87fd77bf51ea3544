using OrleansBroker.Core.Replication;

namespace OrleansBroker.Core.Rebalancing;

/// <summary>
/// Which replicas move where, so that brokers that are to leave hold nothing and those that are to receive hold their share. Decides
/// a few moves at a time, from what there is and nothing else: who asks again once they are done is led to the end, and where that
/// is reached there is nothing to do.
/// <list type="number">
/// <item>What a broker that leaves holds goes to whoever holds least, in a rack that has fewest of the partition's replicas.</item>
/// <item>A broker that receives gets a replica from one that holds at least two more, until nobody does. Where racks forbid every
/// such move, over others in between: each of them gives one and takes one.</item>
/// <item>Then, likewise, the first place among a partition's replicas, by their order alone.</item>
/// </list>
/// </summary>
/// <remarks>
/// <para>Every move of the second and third kind makes the sum of the squares of what brokers hold less, so they come to an end, and
/// they are as few as can be: each brings one broker that has too much one nearer to what it keeps.</para>
/// <para>A move never brings two replicas of a partition into one rack that were in two.</para>
/// <para>A partition with a replica on a broker that is away is left alone: the move could not end before that is back.</para>
/// </remarks>
public sealed class RebalancePlanner
{
    /// <summary>Who has this much more than another gives it one.</summary>
    private const int Unevenness = 2;

    private readonly RebalanceLayout _layout;
    private readonly int _movesMax;
    private readonly List<RebalanceMove> _moves = [];

    private RebalancePlanner(RebalanceLayout layout, int movesMax)
    {
        _layout = layout;
        _movesMax = movesMax;
    }

    /// <param name="partitions">In an order that is the same each time, as equal ones are taken in that.</param>
    /// <param name="movesMax">How many moves are decided; one more or two where only several together are of use.</param>
    public static RebalancePlan Plan(IReadOnlyList<RebalanceBroker> brokers, IReadOnlyList<RebalancePartition> partitions, int movesMax)
    {
        var layout = new RebalanceLayout(brokers, partitions);
        var planner = new RebalancePlanner(layout, movesMax);
        var homeless = new List<ReplicaKey>();
        var leaving = planner.Leave(homeless);
        planner.Even(layout.Replicas, layout.FindReplicaToMove, layout.MoveReplica);
        if (planner._moves.Count == 0)
        {
            planner.Even(layout.FirstPlaces, layout.FindFirstPlaceToMove, layout.MoveFirstPlace);
        }

        return new(planner._moves, leaving, layout.Lacking, homeless);
    }

    private int Leave(List<ReplicaKey> homeless)
    {
        var leaving = 0;
        for (var partition = 0; partition < _layout.Partitions; partition++)
        {
            if (!_layout.HasLeaving(partition))
            {
                continue;
            }

            leaving++;
            if (!_layout.HasRoom(partition))
            {
                homeless.Add(_layout.KeyOf(partition));
            }
            else if (_moves.Count < _movesMax && _layout.CanLeave(partition))
            {
                _moves.Add(_layout.MoveLeaving(partition));
            }
        }

        return leaving;
    }

    private void Even(int[] counts, Func<int, int, int> find, Func<int, int, int, RebalanceMove> move)
    {
        while (_moves.Count < _movesMax && Path(counts, find) is { } path)
        {
            _moves.AddRange(path.Select(step => move(step.Partition, step.From, step.To)));
        }
    }

    /// <summary>The steps that give one broker its next, the least first; null where nobody is to get one, or can.</summary>
    private Step[]? Path(int[] counts, Func<int, int, int> find)
    {
        var most = _layout.Taking.Length == 0 ? 0 : _layout.Taking.Max(broker => counts[broker]);
        foreach (var receiver in _layout.Receiving.OrderBy(broker => counts[broker]))
        {
            if (most < counts[receiver] + Unevenness)
            {
                return null;
            }

            if (PathTo(receiver, counts, find) is { } path)
            {
                return path;
            }
        }

        return null;
    }

    /// <summary>The shortest way to a broker from one that has enough more, and of those from the one that has most: breadth first, backwards.</summary>
    private Step[]? PathTo(int receiver, int[] counts, Func<int, int, int> find)
    {
        var steps = new Dictionary<int, Step>();
        int[] reached = [receiver];
        int[] givers = [.. _layout.Taking.Where(broker => broker != receiver).OrderByDescending(broker => counts[broker])];
        while (reached.Length > 0)
        {
            var next = new List<int>();
            foreach (var giver in givers.Where(giver => !steps.ContainsKey(giver)))
            {
                var step = reached.Select(to => new Step(find(giver, to), giver, to)).FirstOrDefault(found => found.Partition >= 0, Step.None);
                if (step.Partition < 0)
                {
                    continue;
                }

                next.Add(giver);
                steps[giver] = step;
                if (counts[giver] >= counts[receiver] + Unevenness)
                {
                    var path = Follow(giver, receiver, steps);
                    return path.DistinctBy(each => each.Partition).Count() == path.Length ? path : null;
                }
            }

            reached = [.. next];
        }

        return null;
    }

    private static Step[] Follow(int giver, int receiver, Dictionary<int, Step> steps)
    {
        var path = new List<Step>();
        for (var at = giver; at != receiver; at = steps[at].To)
        {
            path.Add(steps[at]);
        }

        return [.. path];
    }

    /// <summary>What one broker gives another: a replica of a partition, or its first place.</summary>
    private readonly record struct Step(int Partition, int From, int To)
    {
        public static readonly Step None = new(-1, -1, -1);
    }
}
