using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Rebalancing;

/// <summary>Who holds what, as a plan changes it. Brokers and partitions are indices here.</summary>
internal sealed class RebalanceLayout
{
    private readonly RebalanceBroker[] _brokers;
    private readonly IReadOnlyList<RebalancePartition> _partitions;
    private readonly Dictionary<BrokerId, int> _indices = [];
    private readonly int[] _racks;

    // Of each partition, by broker index; -1 for one that is not known, which is away.
    private readonly int[][] _replicas;
    private readonly bool[] _isMoved;

    // Of each broker.
    private readonly List<int>[] _held;

    // Of each topic, by broker: how many of its replicas, and of its first places.
    private readonly Dictionary<Guid, (int[] Replicas, int[] FirstPlaces)> _topics = [];

    public RebalanceLayout(IReadOnlyList<RebalanceBroker> brokers, IReadOnlyList<RebalancePartition> partitions)
    {
        _brokers = [.. brokers.OrderBy(broker => broker.Id.Value)];
        _partitions = partitions;
        for (var i = 0; i < _brokers.Length; i++)
        {
            _indices[_brokers[i].Id] = i;
        }

        var racks = _brokers.Select(broker => broker.Rack).Distinct().ToList();
        _racks = Array.ConvertAll(_brokers, broker => racks.IndexOf(broker.Rack));
        Taking = [.. Enumerable.Range(0, _brokers.Length).Where(IsTaking)];
        Receiving = [.. Taking.Where(broker => _brokers[broker].Use == BrokerUse.Receives)];
        Replicas = new int[_brokers.Length];
        FirstPlaces = new int[_brokers.Length];
        _held = Array.ConvertAll(_brokers, _ => new List<int>());
        _isMoved = new bool[partitions.Count];
        _replicas = [.. partitions.Select(partition => Array.ConvertAll(partition.Replicas, id => _indices.GetValueOrDefault(id, -1)))];
        for (var partition = 0; partition < _replicas.Length; partition++)
        {
            Count(partition, 1);
        }
    }

    public int Partitions => _replicas.Length;

    /// <summary>The brokers that can be given something, in the order of their ids.</summary>
    public int[] Taking { get; }

    /// <summary>Those of <see cref="Taking"/> that are to have their share.</summary>
    public int[] Receiving { get; }

    /// <summary>How many replicas each broker holds.</summary>
    public int[] Replicas { get; }

    /// <summary>Of how many partitions each broker is the preferred leader.</summary>
    public int[] FirstPlaces { get; }

    /// <summary>How many replicas those that receive have less than an even part of the whole.</summary>
    public int Lacking => Taking.Length == 0 ? 0 : Taking.Sum(broker => Replicas[broker]) / Taking.Length is var part ? Receiving.Sum(broker => Math.Max(0, part - Replicas[broker])) : 0;

    public ReplicaKey KeyOf(int partition) => _partitions[partition].Key;

    public bool HasLeaving(int partition) => Array.Exists(_replicas[partition], IsLeaving);

    /// <summary>Whether there are brokers for all of the partition's replicas without those that leave.</summary>
    public bool HasRoom(int partition) => _replicas[partition].Count(IsLeaving) <= Taking.Count(broker => Array.IndexOf(_replicas[partition], broker) < 0);

    /// <summary>Whether the replicas of brokers that leave can go now: nothing that would be waited for is away.</summary>
    public bool CanLeave(int partition) =>
        _partitions[partition].Use != PartitionUse.Held && Array.TrueForAll(_replicas[partition], broker => IsLeaving(broker) || IsTaking(broker));

    /// <summary>Each replica of a broker that leaves goes to another.</summary>
    public RebalanceMove MoveLeaving(int partition) => Change(partition, () =>
    {
        var replicas = _replicas[partition];
        var wasFirst = IsLeaving(replicas[0]);
        for (var i = 0; i < replicas.Length; i++)
        {
            if (IsLeaving(replicas[i]))
            {
                replicas[i] = BestFor(partition);
            }
        }

        if (wasFirst)
        {
            ChooseFirst(replicas);
        }
    });

    /// <summary>The partition whose replica goes best from one broker to another: for racks, then for its topic's spread, then for who leads.</summary>
    /// <returns>-1 where there is none.</returns>
    public int FindReplicaToMove(int from, int to)
    {
        var best = -1;
        var bestRank = (0, 0, 0);
        var wantsFirst = FirstPlaces[to] < FirstPlaces[from];
        foreach (var partition in _held[from])
        {
            var replicas = _replicas[partition];
            if (!IsMovable(partition) || Array.IndexOf(replicas, to) >= 0)
            {
                continue;
            }

            var spread = InRackOf(to, replicas, without: from) - InRackOf(from, replicas, without: from);
            var counts = _topics[KeyOf(partition).TopicId].Replicas;
            var rank = (spread, counts[to] - counts[from], replicas[0] == from == wantsFirst ? 0 : 1);
            if (spread <= 0 && (best < 0 || rank.CompareTo(bestRank) < 0))
            {
                (best, bestRank) = (partition, rank);
            }
        }

        return best;
    }

    public RebalanceMove MoveReplica(int partition, int from, int to) => Change(partition, () =>
    {
        var replicas = _replicas[partition];
        replicas[Array.IndexOf(replicas, from)] = to;
        if (replicas[0] == to)
        {
            ChooseFirst(replicas);
        }
    });

    /// <summary>The partition whose first place goes best from one of its replicas to another, for its topic's spread.</summary>
    /// <returns>-1 where there is none.</returns>
    public int FindFirstPlaceToMove(int from, int to)
    {
        var best = -1;
        var bestRank = 0;
        foreach (var partition in _held[from])
        {
            if (_replicas[partition][0] == from && Array.IndexOf(_replicas[partition], to) > 0 && IsMovable(partition))
            {
                var counts = _topics[KeyOf(partition).TopicId].FirstPlaces;
                var rank = counts[to] - counts[from];
                if (best < 0 || rank < bestRank)
                {
                    (best, bestRank) = (partition, rank);
                }
            }
        }

        return best;
    }

    public RebalanceMove MoveFirstPlace(int partition, int from, int to) => Change(partition, () => PutFirst(_replicas[partition], Array.IndexOf(_replicas[partition], to)));

    private RebalanceMove Change(int partition, Action change)
    {
        Count(partition, -1);
        change();
        Count(partition, 1);
        _isMoved[partition] = true;
        return new(KeyOf(partition), _partitions[partition].Replicas, Array.ConvertAll(_replicas[partition], broker => _brokers[broker].Id));
    }

    private void Count(int partition, int by)
    {
        var replicas = _replicas[partition];
        var topic = KeyOf(partition).TopicId;
        if (!_topics.TryGetValue(topic, out var counts))
        {
            _topics[topic] = counts = (new int[_brokers.Length], new int[_brokers.Length]);
        }

        for (var i = 0; i < replicas.Length; i++)
        {
            if (replicas[i] is >= 0 and var broker)
            {
                Replicas[broker] += by;
                counts.Replicas[broker] += by;
                FirstPlaces[broker] += i == 0 ? by : 0;
                counts.FirstPlaces[broker] += i == 0 ? by : 0;
                if (by > 0 && !_isMoved[partition])
                {
                    // What was moved is not moved again.
                    _held[broker].Add(partition);
                }
            }
        }
    }

    private bool IsMovable(int partition) =>
        !_isMoved[partition] && _partitions[partition].Use == PartitionUse.Rests && Array.TrueForAll(_replicas[partition], IsTaking);

    private int BestFor(int partition)
    {
        var replicas = _replicas[partition];
        var counts = _topics[KeyOf(partition).TopicId].Replicas;
        return Taking
            .Where(broker => Array.IndexOf(replicas, broker) < 0)
            .MinBy(broker => (InRackOf(broker, Array.FindAll(replicas, other => other >= 0 && !IsLeaving(other)), without: -1), Replicas[broker], counts[broker], broker));
    }

    /// <summary>The first place is free: whoever has fewest gets it.</summary>
    private void ChooseFirst(int[] replicas) => PutFirst(replicas, Array.IndexOf(replicas, replicas.MinBy(broker => FirstPlaces[broker])));

    private static void PutFirst(int[] replicas, int index)
    {
        var first = replicas[index];
        Array.Copy(replicas, 0, replicas, 1, index);
        replicas[0] = first;
    }

    private int InRackOf(int broker, int[] replicas, int without)
    {
        var count = 0;
        foreach (var other in replicas)
        {
            count += other != without && _racks[other] == _racks[broker] ? 1 : 0;
        }

        return count;
    }

    private bool IsLeaving(int broker) => broker >= 0 && _brokers[broker].Use == BrokerUse.Leaves;

    private bool IsTaking(int broker) => broker >= 0 && _brokers[broker].Use is BrokerUse.Keeps or BrokerUse.Receives;
}
