using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Moves a partition to other replicas (KIP-455), as decisions over its state; the leader alone stores them.
/// <code>
///                 replicas                 adding    removing    ISR
/// before          1 2 3                                          1 2 3
/// Begin 4 1       4 1 2 3                  4         2 3         1 2 3
/// 4 catches up    4 1 2 3                  4         2 3         1 2 3 4
/// Complete        4 1                                            1 4
/// </code>
/// The replicas are always the target followed by those that go, so the document alone says what is under way. A cancelled move
/// goes back to <see cref="Origin"/>; a move that replaces another one starts from there as well.
/// </summary>
/// <remarks>
/// <para>No replica goes before all that are wanted are in sync, so a move never makes the committed records fewer.</para>
/// <para>A leader never removes itself: it hands over first, to the <see cref="Successor"/>, which then goes on.</para>
/// </remarks>
public static class Reassignment
{
    /// <summary>The replicas that were there before the move that is under way.</summary>
    public static BrokerId[] Origin(PartitionState state) => Without(state.Replicas, state.Adding);

    /// <summary>The replicas that there are to be: what the move that is under way leads to, or what is there.</summary>
    public static BrokerId[] Target(PartitionState state) => Without(state.Replicas, state.Removing);

    /// <summary>Why a partition cannot be moved to these replicas; null where it can.</summary>
    /// <param name="target">The preferred leader first.</param>
    /// <param name="allowReplicationFactorChange">Whether there may be more or fewer replicas than there are to be so far (KIP-860).</param>
    public static Refusal? Check(PartitionState state, IReadOnlyList<BrokerId> target, ClusterView brokers, bool allowReplicationFactorChange)
    {
        if (target.Count == 0)
        {
            return new(ErrorCode.InvalidReplicaAssignment, "A partition needs a replica");
        }

        if (target.Distinct().Count() != target.Count)
        {
            return new(ErrorCode.InvalidReplicaAssignment, "The assignment names a broker twice");
        }

        // A replica that is there may be kept while its broker is down, but none can come to be there.
        foreach (var broker in target)
        {
            if (!brokers.IsAlive(broker) && Array.IndexOf(state.Replicas, broker) < 0)
            {
                return new(ErrorCode.InvalidReplicaAssignment, $"The assignment names broker {broker}, which does not live");
            }
        }

        var replicationFactor = Target(state).Length;
        return !allowReplicationFactorChange && target.Count != replicationFactor
            ? new(ErrorCode.InvalidReplicationFactor, $"The partition has {replicationFactor} replicas, and the assignment {target.Count}")
            : null;
    }

    /// <summary>Why a move that was decided from these replicas is of no use any more; null where it is.</summary>
    /// <param name="leaving">Brokers that are to leave the cluster: what an administrator moves to one of them has to be moved on.</param>
    public static Refusal? CheckAutomatic(PartitionState state, IReadOnlyList<BrokerId> from, IReadOnlySet<BrokerId> leaving) =>
        state.IsReassigning && !state.IsAutomatic && !Target(state).Any(leaving.Contains) ? new(ErrorCode.ReassignmentInProgress, "The partition is moved as an administrator has said")
        : !Target(state).SequenceEqual(from) ? new(ErrorCode.InvalidReplicaAssignment, $"The partition is to have replicas {string.Join(",", Target(state))}")
        : null;

    /// <summary>
    /// Why a move that nobody asked for is not to begin: a replica that an earlier one has brought in sync would go, while others that
    /// are wanted are not. Null where it may.
    /// </summary>
    public static Refusal? CheckInSync(PartitionState state, PartitionState next) =>
        next.Isr.Length < Math.Min(state.Isr.Length, Target(state).Length) ? new(ErrorCode.InvalidReplicaAssignment, "Fewer replicas would be in sync") : null;

    /// <summary>
    /// The state in which a move begins. Replicas that an earlier move was adding and that are not wanted any more are gone at once.
    /// </summary>
    /// <param name="isAutomatic">See <see cref="PartitionState.IsAutomatic"/>.</param>
    public static PartitionState Begin(PartitionState state, IReadOnlyList<BrokerId> target, bool isAutomatic = false)
    {
        var origin = Origin(state);
        BrokerId[] removing = [.. origin.Except(target).OrderBy(broker => broker.Value)];
        BrokerId[] adding = [.. target.Except(origin).OrderBy(broker => broker.Value)];
        return Changed(state, [.. target, .. removing], adding, removing, isAutomatic && adding.Length + removing.Length > 0);
    }

    /// <summary>The state in which the move that is under way has never been.</summary>
    public static PartitionState Cancel(PartitionState state) => Changed(state, Origin(state), [], []);

    /// <summary>Whether a move is under way and all replicas that are wanted are in sync.</summary>
    public static bool IsDue(PartitionState state) => state.IsReassigning && Target(state).All(state.IsInSync);

    /// <summary>The state without the replicas that go, where that is due and the leader is none of them; otherwise the state as it is.</summary>
    public static PartitionState Complete(PartitionState state) =>
        IsDue(state) && Array.IndexOf(state.Removing, state.Leader) < 0 ? Changed(state, Target(state), [], []) : state;

    /// <summary>Who can take over from the leader without loss: the first of these replicas that is in sync; none where nobody is.</summary>
    public static BrokerId Successor(PartitionState state, BrokerId[] replicas, ClusterView brokers) =>
        Array.Find(
            [.. replicas, BrokerId.None],
            replica => replica == BrokerId.None || (replica != state.Leader && Array.Exists(state.Isr, member => member.Broker == replica && IsReady(member, brokers))));

    private static bool IsReady(IsrMember member, ClusterView brokers) =>
        brokers.Find(member.Broker) is { IsDraining: false } broker && broker.DataEpoch <= member.BrokerEpoch;

    private static PartitionState Changed(PartitionState state, BrokerId[] replicas, BrokerId[] adding, BrokerId[] removing, bool isAutomatic = false) =>
        replicas.SequenceEqual(state.Replicas) && adding.SequenceEqual(state.Adding) && removing.SequenceEqual(state.Removing) && isAutomatic == state.IsAutomatic
            ? state
            : state with
            {
                Replicas = replicas,
                Adding = adding,
                Removing = removing,
                IsAutomatic = isAutomatic,
                Isr = Array.FindAll(state.Isr, member => Array.IndexOf(replicas, member.Broker) >= 0),
                Eligible = Array.FindAll(state.Eligible, member => Array.IndexOf(replicas, member.Broker) >= 0),
                PartitionEpoch = state.PartitionEpoch + 1,
            };

    private static BrokerId[] Without(BrokerId[] replicas, BrokerId[] others) => others.Length == 0 ? replicas : Array.FindAll(replicas, replica => Array.IndexOf(others, replica) < 0);
}
