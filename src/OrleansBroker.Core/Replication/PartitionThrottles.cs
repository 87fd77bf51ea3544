using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// What a broker may still send or fetch of one of its replicas: where the topic names it as throttled, and where the cluster moves it
/// by itself.
/// </summary>
public sealed class PartitionThrottles
{
    private ReplicationQuota? _namedLeader;
    private ReplicationQuota? _namedFollower;
    private ReplicationQuota? _movesLeader;
    private ReplicationQuota? _movesFollower;

    /// <summary>Takes the topic's <c>leader.replication.throttled.replicas</c> and <c>follower.replication.throttled.replicas</c>; null where it is not named.</summary>
    public void SetNamed(ReplicationQuota? asLeader, ReplicationQuota? asFollower) => (_namedLeader, _namedFollower) = (asLeader, asFollower);

    /// <summary>Takes what counts while the partition is moved as nobody has asked for.</summary>
    public void SetMoves(ReplicationQuota asLeader, ReplicationQuota asFollower) => (_movesLeader, _movesFollower) = (asLeader, asFollower);

    internal bool IsLeaderExceeded(PartitionState state, BrokerId follower) =>
        _namedLeader is { IsExceeded: true } || (IsMovedTo(follower, state) && _movesLeader is { IsExceeded: true });

    internal bool IsFollowerExceeded(PartitionState state, BrokerId self) =>
        _namedFollower is { IsExceeded: true } || (IsMovedTo(self, state) && _movesFollower is { IsExceeded: true });

    /// <summary>Bytes were sent to a follower.</summary>
    public void RecordSent(PartitionState state, BrokerId follower, long bytes)
    {
        _namedLeader?.Record(bytes);
        if (IsMovedTo(follower, state))
        {
            _movesLeader?.Record(bytes);
        }
    }

    /// <summary>Bytes were fetched.</summary>
    public void RecordFetched(PartitionState state, BrokerId self, long bytes)
    {
        _namedFollower?.Record(bytes);
        if (IsMovedTo(self, state))
        {
            _movesFollower?.Record(bytes);
        }
    }

    // Once a replica is in sync it is part of the partition as any other, whether or not the move has ended.
    private static bool IsMovedTo(BrokerId broker, PartitionState state) => state.IsAutomatic && Array.IndexOf(state.Adding, broker) >= 0 && !state.IsInSync(broker);
}
