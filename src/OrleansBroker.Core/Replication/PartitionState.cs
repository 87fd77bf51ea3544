using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Who holds a partition, who leads it, and who is in sync: what the partition's document says. Changed only by compare-and-swap
/// against that document: an election raises the leader epoch, and every change raises the partition epoch.
/// </summary>
public sealed record PartitionState
{
    public required Guid TopicId { get; init; }

    public required int Partition { get; init; }

    /// <summary>The assigned replicas, the preferred leader first; during a reassignment also those that are being added or removed.</summary>
    public required BrokerId[] Replicas { get; init; }

    /// <summary>Replicas that a reassignment adds, and that are not all in sync yet.</summary>
    public BrokerId[] Adding { get; init; } = [];

    /// <summary>Replicas that a reassignment removes once those that it adds are in sync.</summary>
    public BrokerId[] Removing { get; init; } = [];

    /// <summary><see cref="BrokerId.None"/> while there is none.</summary>
    public required BrokerId Leader { get; init; }

    public required LeaderEpoch LeaderEpoch { get; init; }

    /// <summary>The in-sync replicas.</summary>
    public required IsrMember[] Isr { get; init; }

    /// <summary>Replicas that left the ISR while it was smaller than <c>min.insync.replicas</c>, and so hold all that is committed (KIP-966).</summary>
    public IsrMember[] Eligible { get; init; } = [];

    public int PartitionEpoch { get; init; }

    /// <summary>The reassignment that is under way was begun by the cluster itself (<see cref="Rebalancing.RebalancePlanner"/>): what it copies is throttled, and another one may take its place.</summary>
    public bool IsAutomatic { get; init; }

    /// <summary>
    /// How many replicas there are without those that are only being added: <c>min.insync.replicas</c> never asks for more, so that
    /// a partition takes writes while it gets more replicas.
    /// </summary>
    public int ReplicationFactor => Replicas.Length - Adding.Length;

    /// <summary>
    /// A partition that is created now: it is empty, so those of its replicas that live are in sync, and the first of them leads.
    /// </summary>
    /// <returns>Null where none lives.</returns>
    public static PartitionState? Created(Guid topicId, int partition, BrokerId[] replicas, ClusterView brokers)
    {
        var live = Array.FindAll(Array.ConvertAll(replicas, brokers.Find), broker => broker is not null);
        return live.Length == 0 ? null : new PartitionState
        {
            TopicId = topicId,
            Partition = partition,
            Replicas = replicas,
            Leader = (Array.Find(live, broker => !broker!.IsDraining) ?? live[0])!.Id,
            LeaderEpoch = new LeaderEpoch(0),
            Isr = Array.ConvertAll(live, broker => new IsrMember(broker!.Id, broker.Epoch)),
        };
    }

    /// <summary>Whether a replica is being added or removed.</summary>
    public bool IsReassigning => Adding.Length + Removing.Length > 0;

    /// <summary>Whether this says something later than another state of the same partition.</summary>
    public bool IsNewerThan(LeaderEpoch leaderEpoch, int partitionEpoch) =>
        LeaderEpoch > leaderEpoch || (LeaderEpoch == leaderEpoch && PartitionEpoch > partitionEpoch);

    public bool IsInSync(BrokerId broker) => Array.Exists(Isr, member => member.Broker == broker);

    public PartitionImage ToImage() => new(Leader, LeaderEpoch, Replicas, Array.ConvertAll(Isr, member => member.Broker))
    {
        PartitionEpoch = PartitionEpoch,
        Adding = Adding,
        Removing = Removing,
        IsAutomatic = IsAutomatic,
        Eligible = Array.ConvertAll(Eligible, member => member.Broker),
    };
}
