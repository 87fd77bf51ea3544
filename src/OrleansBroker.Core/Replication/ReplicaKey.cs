namespace OrleansBroker.Core.Replication;

/// <summary>A partition by its topic's id.</summary>
public readonly record struct ReplicaKey(Guid TopicId, int Partition) : IComparable<ReplicaKey>
{
    public int CompareTo(ReplicaKey other) =>
        TopicId.CompareTo(other.TopicId) is not 0 and var byTopic ? byTopic : Partition.CompareTo(other.Partition);

    public static bool operator <(ReplicaKey left, ReplicaKey right) => left.CompareTo(right) < 0;

    public static bool operator >(ReplicaKey left, ReplicaKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(ReplicaKey left, ReplicaKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ReplicaKey left, ReplicaKey right) => left.CompareTo(right) >= 0;
}
