namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>Which partition of <c>__consumer_offsets</c> a group belongs to: as in Kafka, whose tools and logs rely on it.</summary>
internal static class GroupPartitioner
{
    public static int PartitionFor(string groupId, int partitions)
    {
        // java.lang.String.hashCode, over UTF-16 as well.
        var hash = 0;
        foreach (var unit in groupId)
        {
            hash = unchecked((31 * hash) + unit);
        }

        return (hash == int.MinValue ? 0 : Math.Abs(hash)) % partitions;
    }
}
