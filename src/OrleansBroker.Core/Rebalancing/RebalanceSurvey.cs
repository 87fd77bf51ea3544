using System.Collections.Immutable;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Rebalancing;

/// <summary>What one broker knows of the cluster, as far as moves depend on it.</summary>
internal sealed class RebalanceSurvey
{
    private readonly ClusterView _brokers;
    private readonly Dictionary<ReplicaKey, PartitionImage> _images = [];

    /// <param name="balanced">The brokers that have had their share.</param>
    /// <param name="isHeld">Partitions that are left alone for now.</param>
    public RebalanceSurvey(MetadataImage image, ClusterView brokers, ImmutableHashSet<BrokerId> balanced, string mode, Predicate<ReplicaKey> isHeld)
    {
        _brokers = brokers;
        Decommissioned = [.. image.Decommissioned.OrderBy(broker => broker.Value)];
        foreach (var topic in image.Topics)
        {
            for (var partition = 0; partition < topic.Partitions.Length; partition++)
            {
                _images.Add(new(topic.Id, partition), topic.Partitions[partition]);
            }
        }

        Partitions = [.. _images.Select(each => new RebalancePartition(each.Key, TargetOf(each.Value), isHeld(each.Key) ? PartitionUse.Held : UseOf(each.Value)))];
        Brokers =
        [
            .. brokers.Brokers.Where(broker => !image.Decommissioned.Contains(broker.Id)).Select(broker => new RebalanceBroker(broker.Id, broker.Rack, UseOf(broker, balanced, mode))),
            .. Decommissioned.Select(broker => new RebalanceBroker(broker, brokers.Find(broker)?.Rack, BrokerUse.Leaves)),
        ];
    }

    public IReadOnlyList<RebalanceBroker> Brokers { get; }

    public IReadOnlyList<RebalancePartition> Partitions { get; }

    /// <summary>In the order of their ids.</summary>
    public IReadOnlyList<BrokerId> Decommissioned { get; }

    public IEnumerable<BrokerId> Receiving => Brokers.Where(broker => broker.Use == BrokerUse.Receives).Select(broker => broker.Id);

    /// <summary>Whether moves that nobody asked for are under way.</summary>
    public bool IsMoving => _images.Values.Any(partition => partition.IsAutomatic);

    /// <summary>How many such moves wait for nothing but the copying.</summary>
    public int UnderWay => _images.Values.Count(partition => partition.IsAutomatic && Array.TrueForAll(TargetOf(partition), _brokers.IsAlive));

    /// <summary>Whether every broker that holds something lives, so that what is even is not so for want of somebody.</summary>
    public bool IsComplete => _images.Values.All(partition => Array.TrueForAll(partition.Replicas, broker => _brokers.IsAlive(broker)));

    /// <summary>
    /// Whether every partition could be moved: nobody else moves one, each has a leader, and no broker is about to stop. Where it is not
    /// so, that there is nothing to move just now says nothing.
    /// </summary>
    public bool IsAtRest => Partitions.All(partition => partition.Use == PartitionUse.Rests) && !_brokers.Brokers.Any(broker => broker.IsDraining);

    public PartitionImage? Find(ReplicaKey key) => _images.GetValueOrDefault(key);

    public bool Holds(BrokerId broker) => _images.Values.Any(partition => Array.IndexOf(partition.Replicas, broker) >= 0);

    /// <summary>The same with nobody who is new: what leaves is moved, and nothing else.</summary>
    public IReadOnlyList<RebalanceBroker> BrokersThatKeep => [.. Brokers.Select(broker => broker.Use == BrokerUse.Receives ? broker with { Use = BrokerUse.Keeps } : broker)];

    /// <summary>Moves that nobody asked for to brokers that do not live, as moves back.</summary>
    public IEnumerable<RebalanceMove> Abandoned =>
        from each in _images
        where each.Value.IsAutomatic && each.Value.Adding.Any(broker => !_brokers.IsAlive(broker)) && _brokers.IsAlive(each.Value.Leader)
        select new RebalanceMove(each.Key, TargetOf(each.Value), [.. each.Value.Replicas.Except(each.Value.Adding)]);

    private static BrokerId[] TargetOf(PartitionImage partition) =>
        partition.Removing.Length == 0 ? partition.Replicas : Array.FindAll(partition.Replicas, broker => Array.IndexOf(partition.Removing, broker) < 0);

    private static BrokerUse UseOf(BrokerRegistration broker, ImmutableHashSet<BrokerId> balanced, string mode) =>
        broker.IsDraining ? BrokerUse.Away
        : mode == RebalanceModes.AllBrokers || (mode == RebalanceModes.NewBrokers && !balanced.Contains(broker.Id)) ? BrokerUse.Receives
        : BrokerUse.Keeps;

    private PartitionUse UseOf(PartitionImage partition) =>
        !_brokers.IsAlive(partition.Leader) || (partition.IsReassigning && !partition.IsAutomatic && !TargetOf(partition).Any(Decommissioned.Contains)) ? PartitionUse.Held
        : partition.IsReassigning ? PartitionUse.Moves
        : PartitionUse.Rests;
}
