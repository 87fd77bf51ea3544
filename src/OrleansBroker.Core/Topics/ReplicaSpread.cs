using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Topics;

/// <summary>
/// Spreads the replicas of one topic's partitions. A partition's leader is the broker that leads fewest of the topic; each follower
/// stands in a rack that has fewest of the partition's replicas, on the broker there that holds fewest of the topic, or of those
/// the one that follows this leader least often.
/// <code>
/// racks a: 0 1   b: 2 3   c: 4          the ring:  0 2 4 1 3
/// </code>
/// Whoever is equal in that takes turns around the ring, in which neighbours stand in different racks as far as can be.
/// </summary>
internal sealed class ReplicaSpread
{
    private readonly Place[] _ring;
    private readonly int _start;

    /// <param name="start">Where the turns begin; not negative, and different for each topic, or the first broker would lead every small topic.</param>
    public ReplicaSpread(IReadOnlyList<CatalogBroker> brokers, int start)
    {
        _ring = Ring(brokers);
        _start = start;
    }

    /// <summary>Counts partitions that are there already, so that what is added evens out what they are.</summary>
    public void Count(IEnumerable<BrokerId[]> partitions)
    {
        foreach (var replicas in partitions)
        {
            for (var i = 0; i < replicas.Length; i++)
            {
                if (Find(replicas[i]) is { } place)
                {
                    place.Replicas++;
                    place.Leaders += i == 0 ? 1 : 0;
                }
            }
        }
    }

    /// <summary>The replicas of the next partition, the preferred leader first.</summary>
    /// <param name="replicationFactor">At most as many as there are brokers.</param>
    public BrokerId[] Next(int partition, int replicationFactor)
    {
        var leader = FewestLeaders(Turn((long)_start + partition));
        var taken = new List<Place>(replicationFactor) { leader };
        leader.Leaders++;
        leader.Replicas++;

        AddFollowers(taken, partition, replicationFactor);
        return [.. taken.Select(place => place.Broker)];
    }

    /// <summary>
    /// More replicas for a partition that was counted: those that are there stay, and the preferred leader is whichever of all
    /// leads fewest.
    /// </summary>
    /// <param name="replicas">Those that are there, one of a broker of the ring among them.</param>
    /// <param name="replicationFactor">At most as many as there are brokers, and those of <paramref name="replicas"/> that are no more.</param>
    public BrokerId[] Grow(int partition, BrokerId[] replicas, int replicationFactor)
    {
        var taken = replicas.Select(Find).OfType<Place>().ToList();
        BrokerId[] gone = [.. replicas.Where(broker => Find(broker) is null)];
        if (Find(replicas[0]) is { } before)
        {
            before.Leaders--;
        }

        AddFollowers(taken, partition, replicationFactor - gone.Length);
        var turn = Turn((long)_start + partition);
        var leader = taken.MinBy(place => (place.Leaders, Turn(Array.IndexOf(_ring, place) - turn + _ring.Length)))!;
        leader.Leaders++;
        return [leader.Broker, .. taken.Where(place => place != leader).Select(place => place.Broker), .. gone];
    }

    private static Place[] Ring(IReadOnlyList<CatalogBroker> brokers) =>
    [
        .. brokers
            .GroupBy(broker => broker.Rack, StringComparer.Ordinal)
            .OrderBy(rack => rack.Key, StringComparer.Ordinal)
            .SelectMany((rack, index) => rack.OrderBy(broker => broker.Id.Value).Select((broker, turn) => (Place: new Place(broker.Id, index), Turn: turn)))
            .OrderBy(placed => placed.Turn)
            .Select(placed => placed.Place),
    ];

    private Place? Find(BrokerId broker) => Array.Find(_ring, place => place.Broker == broker);

    private int Turn(long turn) => (int)(turn % _ring.Length);

    private Place FewestLeaders(int from)
    {
        var best = _ring[from];
        for (var i = 1; i < _ring.Length; i++)
        {
            var place = _ring[(from + i) % _ring.Length];
            best = place.Leaders < best.Leaders ? place : best;
        }

        return best;
    }

    private void AddFollowers(List<Place> taken, int partition, int replicationFactor)
    {
        var leader = taken[0];
        var from = Turn(Array.IndexOf(_ring, leader) + 1L + (partition / _ring.Length));
        while (taken.Count < replicationFactor)
        {
            var follower = BestFollower(taken, from);
            follower.Replicas++;
            leader.Followers[follower.Broker] = leader.Followers.GetValueOrDefault(follower.Broker) + 1;
            taken.Add(follower);
        }
    }

    private Place BestFollower(List<Place> taken, int from)
    {
        Place? best = null;
        var bestRank = (InRack: 0, Replicas: 0, Shared: 0);
        for (var i = 0; i < _ring.Length; i++)
        {
            var place = _ring[(from + i) % _ring.Length];
            if (taken.Contains(place))
            {
                continue;
            }

            var rank = (taken.Count(other => other.Rack == place.Rack), place.Replicas, taken[0].Followers.GetValueOrDefault(place.Broker));
            if (best is null || rank.CompareTo(bestRank) < 0)
            {
                best = place;
                bestRank = rank;
            }
        }

        return best ?? throw new InvalidOperationException($"{_ring.Length} brokers cannot hold more than {taken.Count} replicas");
    }

    /// <summary>A broker on the ring, and what it has of the topic so far.</summary>
    private sealed class Place(BrokerId broker, int rack)
    {
        public BrokerId Broker { get; } = broker;

        public int Rack { get; } = rack;

        public int Leaders { get; set; }

        public int Replicas { get; set; }

        /// <summary>How often each broker follows this one: when it dies, its partitions should not all fall to the same.</summary>
        public Dictionary<BrokerId, int> Followers { get; } = [];
    }
}
