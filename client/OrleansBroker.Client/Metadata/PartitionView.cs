using OrleansBroker.Protocol;

namespace OrleansBroker.Client.Metadata;

/// <summary>Who leads a partition, and since when.</summary>
/// <param name="LeaderId">-1 where nobody leads.</param>
/// <param name="LeaderEpoch">-1 where the broker is too old to say.</param>
internal sealed record PartitionView(int Index, int LeaderId, int LeaderEpoch, int[] Replicas, int[] InSyncReplicas, ErrorCode Error)
{
    public bool HasLeader => LeaderId >= 0;
}
