using OrleansBroker.Core.Metadata;
using OrleansBroker.Protocol;

namespace OrleansBroker.Server.Handlers;

/// <summary>A partition as it is told to clients: its leader if that one lives, its replicas, and which of them do not live.</summary>
internal readonly struct PartitionView
{
    public PartitionView(PartitionImage partition, MetadataImage image)
    {
        var hasLeader = image.IsAlive(partition.Leader);
        Error = hasLeader ? ErrorCode.None : ErrorCode.LeaderNotAvailable;
        LeaderId = hasLeader ? partition.Leader.Value : BrokerId.None.Value;
        LeaderEpoch = partition.LeaderEpoch.Value;
        Replicas = Array.ConvertAll(partition.Replicas, static id => id.Value);
        Isr = ReferenceEquals(partition.Isr, partition.Replicas) ? Replicas : Array.ConvertAll(partition.Isr, static id => id.Value);
        Offline = OfflineOf(partition.Replicas, image);
    }

    public ErrorCode Error { get; }

    public int LeaderId { get; }

    public int LeaderEpoch { get; }

    public int[] Replicas { get; }

    public int[] Isr { get; }

    public int[] Offline { get; }

    private static int[] OfflineOf(BrokerId[] replicas, MetadataImage image)
    {
        List<int>? offline = null;
        foreach (var id in replicas)
        {
            if (!image.IsAlive(id))
            {
                (offline ??= []).Add(id.Value);
            }
        }

        return offline?.ToArray() ?? [];
    }
}
