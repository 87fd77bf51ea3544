using OrleansBroker.Protocol;

namespace OrleansBroker.Client.Metadata;

/// <summary>A topic as the cluster's metadata describe it.</summary>
/// <param name="Id">All zero where the broker is too old to say.</param>
/// <param name="Error">Why there are no partitions, where there are none.</param>
/// <param name="Partitions">By index.</param>
/// <param name="AskedMs">When the cluster was asked for this, by <see cref="Connections.ClockExtensions.MonotonicMs"/>.</param>
internal sealed record TopicView(string Name, Guid Id, bool IsInternal, ErrorCode Error, PartitionView[] Partitions, long AskedMs)
{
    public PartitionView? Find(int partition) => (uint)partition < (uint)Partitions.Length ? Partitions[partition] : null;
}
