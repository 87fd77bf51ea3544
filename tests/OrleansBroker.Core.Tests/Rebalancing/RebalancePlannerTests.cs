using OrleansBroker.Core.Rebalancing;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Rebalancing;

/// <summary>Plans for clusters that were thought of, and for many that were drawn.</summary>
public sealed class RebalancePlannerTests
{
    private const int Clusters = 300;

    [Fact]
    public void A_new_broker_gets_its_share_of_replicas_and_of_first_places_and_no_more_is_copied()
    {
        var cluster = RebalanceCluster.Of(3).With(BrokerUse.Keeps, 0, 1, 2).With(BrokerUse.Receives, 3);
        cluster.Add(1, Spread(brokers: 3, partitions: 12, replicas: 3));
        cluster.Add(2, Spread(brokers: 3, partitions: 8, replicas: 2));

        cluster.Finish(movesMax: 2);

        Assert.Equal([13, 13, 13, 13], Counts(cluster, 4, cluster.ReplicasOn));
        Assert.Equal([5, 5, 5, 5], Counts(cluster, 4, cluster.LedBy));
        Assert.Equal(13, cluster.Copies);
    }

    [Fact]
    public void A_new_broker_gets_some_of_every_topic()
    {
        var cluster = RebalanceCluster.Of(3).With(BrokerUse.Keeps, 0, 1, 2).With(BrokerUse.Receives, 3);
        for (var topic = 0; topic < 5; topic++)
        {
            cluster.Add(topic, Spread(brokers: 3, partitions: 8, replicas: 3));
        }

        cluster.Finish();

        for (var topic = 0; topic < 5; topic++)
        {
            Assert.Equal(6, Enumerable.Range(0, 8).Count(partition => cluster[new(new Guid(topic, 0, 0, new byte[8]), partition)].Contains(3)));
        }
    }

    [Fact]
    public void What_was_laid_out_by_hand_stays_where_nobody_is_new()
    {
        var cluster = RebalanceCluster.Of(3).With(BrokerUse.Keeps, 0, 1, 2);
        cluster.Add(1, [0], [0], [0], [0], [0, 1], [0, 1]);

        Assert.Empty(cluster.Plan().Moves);
    }

    [Fact]
    public void A_broker_that_leaves_holds_nothing_in_the_end_and_the_rest_is_even()
    {
        var cluster = RebalanceCluster.Of(4).With(BrokerUse.Keeps, 0, 1, 2).With(BrokerUse.Leaves, 3);
        cluster.Add(1, Spread(brokers: 4, partitions: 20, replicas: 2));

        var plan = cluster.Finish(movesMax: 3);

        Assert.Equal((0, 0), (cluster.ReplicasOn(3), plan.Leaving));
        Assert.Equal(10, cluster.Copies);
        Assert.True(RebalanceCluster.Difference(Counts(cluster, 3, cluster.ReplicasOn)) <= 1);
        Assert.True(RebalanceCluster.Difference(Counts(cluster, 3, cluster.LedBy)) <= 1);
    }

    [Fact]
    public void What_has_as_many_replicas_as_there_are_brokers_cannot_leave_and_the_rest_does()
    {
        var cluster = RebalanceCluster.Of(3).With(BrokerUse.Keeps, 0, 1).With(BrokerUse.Leaves, 2);
        var whole = cluster.Add(1, [0, 1, 2], [2, 1, 0]);
        cluster.Add(2, [2, 0], [1, 2], [2]);

        var plan = cluster.Finish();

        Assert.Equal(whole, plan.Homeless);
        Assert.Equal(2, plan.Leaving);
        Assert.Equal(2, cluster.ReplicasOn(2));
    }

    [Fact]
    public void Replicas_of_a_broker_that_is_away_stay_and_it_is_given_nothing()
    {
        var cluster = RebalanceCluster.Of(4).With(BrokerUse.Away, 3);
        cluster.Add(1, Spread(brokers: 4, partitions: 12, replicas: 2));

        cluster.Finish();

        Assert.Equal(6, cluster.ReplicasOn(3));
        Assert.True(RebalanceCluster.Difference(Counts(cluster, 3, cluster.ReplicasOn)) <= 1);
    }

    [Fact]
    public void A_broker_that_died_for_good_can_leave()
    {
        var cluster = RebalanceCluster.Of(4).With(BrokerUse.Leaves, 3);
        cluster.Add(1, Spread(brokers: 4, partitions: 12, replicas: 2));

        cluster.Finish();

        Assert.Equal(0, cluster.ReplicasOn(3));
    }

    [Fact]
    public void What_somebody_else_moves_is_counted_and_left_alone()
    {
        var cluster = RebalanceCluster.Of(3);
        var keys = cluster.Add(1, [0], [0], [0], [0], [0], [0]);
        cluster.Uses[keys[0]] = cluster.Uses[keys[1]] = PartitionUse.Held;
        cluster.Uses[keys[2]] = PartitionUse.Moves;

        Assert.DoesNotContain(cluster.Plan().Moves, move => keys.Take(3).Contains(move.Key));
        cluster.Finish();
        Assert.Equal([3, 2, 1], Counts(cluster, 3, cluster.ReplicasOn).OrderDescending());
    }

    [Fact]
    public void A_move_to_a_broker_that_is_told_to_leave_goes_elsewhere()
    {
        var cluster = RebalanceCluster.Of(2).With(BrokerUse.Leaves, 2);
        var keys = cluster.Add(1, [2, 0], [1, 0]);
        cluster.Uses[keys[0]] = cluster.Uses[keys[1]] = PartitionUse.Moves;

        var move = Assert.Single(cluster.Plan().Moves);

        Assert.Equal(keys[0], move.Key);
        Assert.Equal([0, 1], move.To.Select(id => id.Value).Order());
    }

    [Fact]
    public void A_share_that_racks_forbid_directly_comes_over_another_broker()
    {
        // What broker 0 has is in racks a and b, so none of it may go to broker 1 in rack b: broker 2 gives it, and takes of broker 0.
        var cluster = new RebalanceCluster().Set(0, BrokerUse.Keeps, "a").Set(1, BrokerUse.Receives, "b").Set(2, BrokerUse.Keeps, "c").Set(3, BrokerUse.Keeps, "b").Set(4, BrokerUse.Keeps, "a");
        cluster.Add(1, [0, 3], [0, 3], [0, 3], [4, 2], [4, 2]);

        cluster.Finish();

        Assert.True(cluster.ReplicasOn(1) >= 2);
        Assert.True(Counts(cluster, 5, cluster.ReplicasOn).Max() <= 3);
    }

    [Fact]
    public void Any_cluster_without_racks_becomes_even_with_the_fewest_copies() => Each(seed =>
    {
        var (cluster, random) = Drawn(seed, racks: 0);
        var counts = Counts(cluster, cluster.Brokers.Count, cluster.ReplicasOn);
        var least = LeastCopies(counts);

        cluster.Finish(random.Next(1, 20));

        Assert.True(RebalanceCluster.Difference(Counts(cluster, counts.Length, cluster.ReplicasOn)) <= 1);
        Assert.True(RebalanceCluster.Difference(Counts(cluster, counts.Length, cluster.LedBy)) <= 1 || !CanLeadEvenly(cluster));
        Assert.Equal(least, cluster.Copies);
    });

    [Fact]
    public void Any_cluster_with_racks_becomes_as_even_as_single_moves_can_make_it() => Each(seed =>
    {
        var (cluster, random) = Drawn(seed, racks: new Random(seed).Next(2, 5));

        cluster.Finish(random.Next(1, 20));

        foreach (var (from, to) in Pairs(cluster).Where(pair => cluster.ReplicasOn(pair.From) >= cluster.ReplicasOn(pair.To) + 2))
        {
            Assert.DoesNotContain(cluster.Partitions, replicas => replicas.Contains(from) && !replicas.Contains(to) && KeepsRacks(cluster, replicas, from, to));
        }
    });

    [Fact]
    public void Any_brokers_can_leave_and_what_is_planned_next_is_nothing() => Each(seed =>
    {
        var (cluster, random) = Drawn(seed, racks: seed % 4);
        var leaving = Enumerable.Range(0, cluster.Brokers.Count).Where(_ => random.Next(4) == 0).Take(cluster.Brokers.Count - 1).ToArray();
        cluster.With(BrokerUse.Keeps, [.. Enumerable.Range(0, cluster.Brokers.Count)]).With(BrokerUse.Leaves, leaving);
        var staying = cluster.Brokers.Count - leaving.Length;

        var plan = cluster.Finish(random.Next(1, 20));

        Assert.Equal(cluster.Partitions.Count(replicas => replicas.Any(leaving.Contains)), plan.Homeless.Count);
        Assert.All(cluster.Partitions, replicas => Assert.True(replicas.Length > staying || !replicas.Any(leaving.Contains)));
    });

    /// <summary>Runs a test for many clusters; the one that fails it has a number.</summary>
    private static void Each(Action<int> test)
    {
        for (var seed = 1; seed <= Clusters; seed++)
        {
            try
            {
                test(seed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"cluster {seed}: {e.Message}", e);
            }
        }
    }

    private static int[] Counts(RebalanceCluster cluster, int brokers, Func<int, int> count) => [.. Enumerable.Range(0, brokers).Select(count)];

    private static int[][] Spread(int brokers, int partitions, int replicas) =>
        [.. ReplicaPlacement.Spread([], partitions, replicas, [.. Enumerable.Range(0, brokers).Select(id => new CatalogBroker(new BrokerId(id)))], "topic").Select(ids => Array.ConvertAll(ids, id => id.Value))];

    private static (RebalanceCluster Cluster, Random Random) Drawn(int seed, int racks)
    {
        var random = new Random(seed);
        var cluster = new RebalanceCluster();
        var brokers = random.Next(1, 9);
        for (var id = 0; id < brokers; id++)
        {
            cluster.Set(id, BrokerUse.Receives, racks == 0 ? null : $"rack-{random.Next(racks)}");
        }

        // Some brokers hold most, as where others have just come.
        var old = random.Next(1, brokers + 1);
        for (var topic = random.Next(1, 8); topic > 0; topic--)
        {
            var ids = Enumerable.Range(0, random.Next(2) == 0 ? old : brokers).ToArray();
            var replicas = random.Next(1, Math.Min(4, ids.Length) + 1);
            cluster.Add(topic, [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ =>
            {
                random.Shuffle(ids);
                return ids[..replicas];
            })]);
        }

        return (cluster, random);
    }

    /// <summary>Each broker above its part of the whole gives what it has above it, and the parts differ by one at most.</summary>
    private static int LeastCopies(int[] counts)
    {
        var (part, more) = Math.DivRem(counts.Sum(), counts.Length);
        return counts.OrderDescending().Select((count, i) => Math.Max(0, count - part - (i < more ? 1 : 0))).Sum();
    }

    /// <summary>Who leads can only be one of the replicas: whether first places can be even at all, as a flow of two sides.</summary>
    private static bool CanLeadEvenly(RebalanceCluster cluster)
    {
        var brokers = cluster.Brokers.Count;
        var partitions = cluster.Partitions.ToArray();
        var most = (partitions.Length + brokers - 1) / brokers;
        var led = Enumerable.Range(0, brokers).Select(_ => new List<int>()).ToArray();
        return Enumerable.Range(0, partitions.Length).All(partition => TryPlace(partition, []));

        bool TryPlace(int partition, HashSet<int> seen)
        {
            foreach (var broker in partitions[partition].Where(seen.Add))
            {
                if (led[broker].Count < most)
                {
                    led[broker].Add(partition);
                    return true;
                }

                if (led[broker].ToArray().FirstOrDefault(other => TryPlace(other, seen), -1) is >= 0 and var moved)
                {
                    led[broker].Remove(moved);
                    led[broker].Add(partition);
                    return true;
                }
            }

            return false;
        }
    }

    private static IEnumerable<(int From, int To)> Pairs(RebalanceCluster cluster) =>
        from one in cluster.Brokers
        from other in cluster.Brokers
        where one != other
        select (one.Id.Value, other.Id.Value);

    private static bool KeepsRacks(RebalanceCluster cluster, int[] replicas, int from, int to)
    {
        string? RackOf(int id) => cluster.Brokers.Find(broker => broker.Id.Value == id)!.Rack;
        int Others(string? rack) => replicas.Count(id => id != from && RackOf(id) == rack);
        return Others(RackOf(to)) <= Others(RackOf(from));
    }
}
