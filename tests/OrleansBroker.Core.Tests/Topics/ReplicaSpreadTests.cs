using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using static OrleansBroker.Core.Tests.Topics.CatalogHarness;

namespace OrleansBroker.Core.Tests.Topics;

/// <summary>
/// Where the replicas of new partitions come to stand, as properties over many clusters: random numbers of brokers, in racks of equal
/// size, of random sizes or of none, random replication factors, and topics that grow after they were created.
/// </summary>
public sealed class ReplicaSpreadTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 200)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_broker_leads_as_many_partitions_as_any_other_but_one(int seed)
    {
        var cluster = new Cluster(seed);
        cluster.AssertEven(cluster.Topic.GroupBy(replicas => replicas[0]).ToDictionary(led => led.Key, led => led.Count()), toleranceMax: 1);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_partition_never_has_two_replicas_more_in_one_rack_than_in_another_with_room(int seed)
    {
        var cluster = new Cluster(seed);
        Assert.All(cluster.Topic, replicas =>
        {
            Assert.Equal(replicas.Length, replicas.Distinct().Count());
            var perRack = cluster.Racks.Select(rack => (Held: rack.Count(broker => replicas.Contains(broker.Id)), Size: rack.Count())).ToArray();
            var fullest = perRack.Max(rack => rack.Held);
            Assert.All(perRack, rack => Assert.True(rack.Held == rack.Size || rack.Held >= fullest - 1, cluster.ToString()));
        });
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Where_racks_are_of_one_size_every_broker_holds_about_as_many_replicas(int seed)
    {
        var cluster = new Cluster(seed, isEqual: true);
        cluster.AssertEven(cluster.Topic.SelectMany(replicas => replicas).GroupBy(id => id).ToDictionary(held => held.Key, held => held.Count()), toleranceMax: 2);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_topic_that_grows_with_its_cluster_keeps_its_replicas_and_is_led_by_all(int seed)
    {
        var random = new Random(seed);
        CatalogBroker[] brokers = [.. Enumerable.Range(0, random.Next(2, 9)).Select(id => new CatalogBroker(new BrokerId(id)))];
        var before = random.Next(1, brokers.Length);
        var existing = ReplicaPlacement.Spread([], count: 50, Math.Min(before, 2), brokers[..before], "offsets");

        var grown = ReplicaPlacement.Grow(existing, [.. Enumerable.Range(0, 50)], Math.Min(3, brokers.Length), brokers, "offsets");

        Assert.All(grown.Zip(existing), pair => Assert.Empty(pair.Second.Except(pair.First)));
        Assert.All(grown, replicas => Assert.Equal(Math.Min(3, brokers.Length), replicas.Distinct().Count()));
        var leading = grown.GroupBy(replicas => replicas[0]).Select(led => led.Count()).ToArray();
        Assert.True(leading.Length == brokers.Length && leading.Max() - leading.Min() <= 2, $"seed {seed}: {string.Join(", ", leading)}");
    }

    [Fact]
    public void A_replica_that_is_down_stays_when_its_partition_grows()
    {
        CatalogBroker[] brokers = [new(new BrokerId(1)), new(new BrokerId(3))];

        var grown = Assert.Single(ReplicaPlacement.Grow([[new BrokerId(2), new BrokerId(1)]], [0], 3, brokers, "offsets"));

        Assert.Equal([1, 2, 3], grown.Select(broker => broker.Value).Order());
        Assert.NotEqual(2, grown[0].Value);
    }

    [Fact]
    public void The_leaders_of_consecutive_partitions_stand_in_different_racks()
    {
        var racks = Enumerable.Range(0, 9).ToDictionary(id => new BrokerId(id), id => $"rack-{id / 3}");
        var catalog = new CatalogHarness([.. racks.Select(broker => new CatalogBroker(broker.Key, broker.Value))]);
        catalog.Create("orders", partitions: 27, replicationFactor: 3);

        var leading = catalog.Catalog.Find("orders")!.Replicas.Select(replicas => racks[replicas[0]]).ToArray();

        Assert.All(leading.Zip(leading.Skip(1)), pair => Assert.NotEqual(pair.First, pair.Second));
    }

    [Fact]
    public void The_partitions_of_one_broker_do_not_all_have_the_same_followers()
    {
        var catalog = new CatalogHarness(brokers: 6);
        catalog.Create("orders", partitions: 60, replicationFactor: 2);

        var followers = catalog.Catalog.Find("orders")!.Replicas.GroupBy(replicas => replicas[0], replicas => replicas[1]);

        Assert.All(followers, ofLeader => Assert.True(ofLeader.Distinct().Count() >= 3, string.Join(',', ofLeader)));
    }

    [Fact]
    public void Topics_of_one_partition_are_led_by_all_brokers()
    {
        var catalog = new CatalogHarness(brokers: 5);
        catalog.Create([.. Enumerable.Range(0, 100).Select(i => Topic($"topic-{i}", partitions: 1, replicationFactor: 2))]);

        var leading = catalog.Catalog.Topics.GroupBy(topic => topic.Replicas[0][0]).Select(led => led.Count()).ToArray();

        Assert.Equal(5, leading.Length);
        Assert.True(leading.Max() - leading.Min() <= 10, string.Join(',', leading));
    }

    /// <summary>A cluster and one topic in it, drawn from a seed.</summary>
    private sealed class Cluster
    {
        private readonly CatalogBroker[] _brokers;
        private readonly int _seed;

        public Cluster(int seed, bool isEqual = false)
        {
            var random = new Random(_seed = seed);
            var racks = random.Next(1, 6);
            var size = random.Next(1, 5);
            var names = Enumerable.Range(0, racks).SelectMany(rack => Enumerable.Repeat(racks == 1 ? null : $"rack-{rack}", isEqual ? size : random.Next(1, 6))).ToArray();
            random.Shuffle(names);
            _brokers = [.. names.Select((rack, index) => new CatalogBroker(new BrokerId((index * 3) + random.Next(3)), rack))];

            var catalog = new CatalogHarness(_brokers);
            var replicationFactor = (short)random.Next(1, Math.Min(_brokers.Length, 5) + 1);
            var partitions = random.Next(1, 60);
            catalog.Create($"topic-{random.Next(1000)}", partitions, replicationFactor);
            var created = catalog.Catalog.Topics.Single();
            catalog.Run(catalog.Catalog.CreatePartitions(new() { Topics = [new() { Name = created.Name, Count = partitions + random.Next(1, 20), Assignments = null }] }, catalog.View));
            Topic = catalog.Catalog.Topics.Single().Replicas;
        }

        public BrokerId[][] Topic { get; }

        public IEnumerable<IGrouping<string?, CatalogBroker>> Racks => _brokers.GroupBy(broker => broker.Rack);

        public void AssertEven(Dictionary<BrokerId, int> counts, int toleranceMax)
        {
            var all = _brokers.Select(broker => counts.GetValueOrDefault(broker.Id)).ToArray();
            Assert.True(all.Max() - all.Min() <= toleranceMax, $"{this}: {string.Join(',', all)}");
        }

        public override string ToString() =>
            $"seed {_seed}, {Topic.Length} partitions of {Topic[0].Length} replicas on {string.Join(' ', _brokers.Select(broker => $"{broker.Id}@{broker.Rack}"))}";
    }
}
