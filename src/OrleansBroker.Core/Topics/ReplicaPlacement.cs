using OrleansBroker.Protocol;
using static OrleansBroker.Protocol.ErrorCode;

namespace OrleansBroker.Core.Topics;

/// <summary>Which brokers hold the replicas of new partitions: as the client says, or spread evenly.</summary>
internal static class ReplicaPlacement
{
    /// <summary>New partitions of a topic, spread over brokers and racks.</summary>
    /// <param name="existing">The topic's partitions so far; the new ones are numbered after them.</param>
    /// <param name="name">Of the topic: no two begin with the same broker if it can be helped.</param>
    public static BrokerId[][] Spread(IReadOnlyList<BrokerId[]> existing, int count, int replicationFactor, IReadOnlyList<CatalogBroker> brokers, string name)
    {
        var placed = new BrokerId[count][];
        if (brokers.Count == 1)
        {
            // Ten thousand partitions share the one array.
            Array.Fill(placed, [brokers[0].Id]);
            return placed;
        }

        var spread = new ReplicaSpread(brokers, StartOf(name));
        spread.Count(existing);
        for (var i = 0; i < count; i++)
        {
            placed[i] = spread.Next(existing.Count + i, replicationFactor);
        }

        return placed;
    }

    /// <summary>More replicas for some partitions of a topic; what is there stays.</summary>
    /// <param name="existing">The replicas of all partitions of the topic.</param>
    /// <param name="grown">Those that are to have more.</param>
    /// <returns>The replicas of each of <paramref name="grown"/>, the preferred leader first.</returns>
    public static BrokerId[][] Grow(IReadOnlyList<BrokerId[]> existing, IReadOnlyList<int> grown, int replicationFactor, IReadOnlyList<CatalogBroker> brokers, string name)
    {
        var spread = new ReplicaSpread(brokers, StartOf(name));
        spread.Count(existing);
        return [.. grown.Select(partition => spread.Grow(partition, existing[partition], replicationFactor))];
    }

    /// <summary>Takes an assignment that the client made, one list of brokers per partition.</summary>
    /// <param name="replicationFactor">Of the partitions that exist; 0 where the first list decides.</param>
    public static Refusal? TryTake(IReadOnlyList<int[]> assignments, int replicationFactor, IReadOnlyList<CatalogBroker> brokers, out BrokerId[][] placed)
    {
        placed = [];
        foreach (var assignment in assignments)
        {
            if (assignment.Length == 0)
            {
                return new(InvalidReplicaAssignment, "The assignment has a partition without replicas");
            }

            if (assignment.Distinct().Count() != assignment.Length)
            {
                return new(InvalidReplicaAssignment, "The assignment names a broker twice for one partition");
            }

            foreach (var id in assignment)
            {
                if (brokers.All(broker => broker.Id.Value != id))
                {
                    return new(InvalidReplicaAssignment, $"The assignment names broker {id}, which does not exist");
                }
            }

            if (replicationFactor != 0 && assignment.Length != replicationFactor)
            {
                return new(InvalidReplicaAssignment, $"The assignment has a partition with {assignment.Length} replicas where others have {replicationFactor}");
            }

            replicationFactor = assignment.Length;
        }

        placed = [.. assignments.Select(assignment => Array.ConvertAll(assignment, id => new BrokerId(id)))];
        return null;
    }

    private static int StartOf(string name)
    {
        var hash = 17;
        foreach (var character in name)
        {
            hash = unchecked((hash * 31) + character);
        }

        return hash & int.MaxValue;
    }
}
