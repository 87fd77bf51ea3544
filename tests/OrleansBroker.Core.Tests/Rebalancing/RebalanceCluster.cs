using OrleansBroker.Core.Rebalancing;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Rebalancing;

/// <summary>A cluster as a planner sees it, in which moves are done as soon as they are planned; each is checked.</summary>
internal sealed class RebalanceCluster
{
    /// <summary>More than any of these clusters needs: who comes to it goes in circles.</summary>
    private const int MovesMax = 20_000;

    private readonly SortedDictionary<ReplicaKey, int[]> _partitions = [];

    public List<RebalanceBroker> Brokers { get; } = [];

    public Dictionary<ReplicaKey, PartitionUse> Uses { get; } = [];

    public IReadOnlyCollection<int[]> Partitions => _partitions.Values;

    /// <summary>How many replicas have been copied so far.</summary>
    public int Copies { get; private set; }

    public static RebalanceCluster Of(int brokers) => new RebalanceCluster().With(BrokerUse.Receives, [.. Enumerable.Range(0, brokers)]);

    public RebalanceCluster With(BrokerUse use, params int[] brokers)
    {
        foreach (var id in brokers)
        {
            Set(id, use, Brokers.Find(broker => broker.Id.Value == id)?.Rack);
        }

        return this;
    }

    public RebalanceCluster Set(int broker, BrokerUse use, string? rack)
    {
        Brokers.RemoveAll(each => each.Id.Value == broker);
        Brokers.Add(new(new BrokerId(broker), rack, use));
        return this;
    }

    /// <summary>A topic with these replicas.</summary>
    public ReplicaKey[] Add(int topic, params int[][] partitions)
    {
        var keys = partitions.Select((_, i) => new ReplicaKey(new Guid(topic, 0, 0, new byte[8]), i)).ToArray();
        for (var i = 0; i < keys.Length; i++)
        {
            _partitions[keys[i]] = partitions[i];
        }

        return keys;
    }

    public int[] this[ReplicaKey key] => _partitions[key];

    public RebalancePlan Plan(int movesMax = 10) => RebalancePlanner.Plan(
        Brokers,
        [.. _partitions.Select(each => new RebalancePartition(each.Key, Array.ConvertAll(each.Value, id => new BrokerId(id)), Uses.GetValueOrDefault(each.Key)))],
        movesMax);

    /// <summary>Does what is planned, until nothing is.</summary>
    public RebalancePlan Finish(int movesMax = 10)
    {
        for (var moves = 0; moves < MovesMax; moves++)
        {
            var plan = Plan(movesMax);
            if (plan.Moves.Count == 0)
            {
                return plan;
            }

            Assert.Equal(plan.Moves.Count, plan.Moves.DistinctBy(move => move.Key).Count());
            foreach (var move in plan.Moves)
            {
                Do(move);
            }
        }

        throw new InvalidOperationException("the plans do not come to an end");
    }

    public int ReplicasOn(int broker) => _partitions.Values.Count(replicas => replicas.Contains(broker));

    public int LedBy(int broker) => _partitions.Values.Count(replicas => replicas[0] == broker);

    /// <summary>The greatest difference among brokers.</summary>
    public static int Difference(IEnumerable<int> counts) => counts.Max() - counts.Min();

    private void Do(RebalanceMove move)
    {
        var before = _partitions[move.Key];
        var after = Array.ConvertAll(move.To, id => id.Value);
        Assert.Equal(before, Array.ConvertAll(move.From, id => id.Value));
        Assert.Equal(before.Length, after.Length);
        Assert.Equal(after.Length, after.Distinct().Count());
        Assert.NotEqual(before, after);
        var isLeft = before.Any(id => UseOf(id) == BrokerUse.Leaves);
        Assert.True(isLeft || RacksOf(after) >= RacksOf(before), "a move takes a partition out of a rack");
        Assert.All(after.Except(before), id => Assert.True(UseOf(id) is BrokerUse.Receives or BrokerUse.Keeps, $"broker {id} is given a replica"));
        _partitions[move.Key] = after;
        Copies += after.Except(before).Count();
    }

    private BrokerUse UseOf(int broker) => Brokers.Find(each => each.Id.Value == broker)?.Use ?? BrokerUse.Away;

    private int RacksOf(int[] replicas) => replicas.Select(id => Brokers.Find(broker => broker.Id.Value == id)?.Rack).Distinct().Count();
}
